/** Where answers go: tables for people, or JSON for programs. */
export class Output {
  readonly #json: boolean;
  readonly #write: (text: string) => void;

  constructor(json: boolean, write: (text: string) => void = (text) => process.stdout.write(text)) {
    this.#json = json;
    this.#write = write;
  }

  /** `value` as one line of JSON, or the lines that people read. */
  tell(value: unknown, lines: () => string[]): void {
    if (this.#json) this.#write(`${JSON.stringify(value)}\n`);
    else for (const line of lines()) this.#write(`${line}\n`);
  }

  /** What people want to know beside the answer; programs do not. */
  aside(line: string): void {
    if (!this.#json) this.#write(`${line}\n`);
  }
}

/** Columns as wide as their widest cell; the last one as it comes. */
export function table(head: string[], rows: (string | null)[][]): string[] {
  const all = [head, ...rows].map((row) => row.map((cell) => printable(cell ?? '')));
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

/** On one line. What a terminal would obey is in none: the OC takes no control characters. */
export const printable = (text: string): string => text.replace(/\s+/g, ' ');

/** `SUCCEEDED 3, FAILED 1` of those that are not nought. */
export const countsInWords = (counts: { status: string; count: number }[]): string =>
  counts
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `${count} ${words(status)}`)
    .join(', ');

/** `ROLLING_RESTART` as it is said. */
export const words = (value: string): string => value.toLowerCase().replaceAll('_', ' ');

/** How many of how many a list shows, when that is not all. */
export const shownOf = (shown: number, total: number): string[] =>
  shown < total ? [`… ${total - shown} more of ${total}: --limit shows more.`] : [];
