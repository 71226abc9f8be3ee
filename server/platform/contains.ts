/** In a pattern of LIKE, `%` and `_` as letters like any other. */
export const literally = (search: string): string => search.replace(/[\\%_]/g, '\\$&');

/** A part of a text, whatever the case. */
export const contains = (search: string) => ({
  contains: literally(search),
  mode: 'insensitive' as const,
});
