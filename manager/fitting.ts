/** What a list may take of a message; the OC refuses messages above 1 MiB. */
const MAX_BYTES = 700_000;

/** The list as it is or, where it is too large for a message, with each of its items made lighter. */
export const fitting = <T>(items: T[], lighter: (item: T) => T): T[] =>
  Buffer.byteLength(JSON.stringify(items)) > MAX_BYTES ? items.map(lighter) : items;
