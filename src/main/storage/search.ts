/** What surrounds a match in the preview of a search result: brackets that nobody types or says. */
export const matchMarks = { start: "\u27E6", end: "\u27E7" } as const;

/**
 * A person's words as an FTS5 query: every word must occur, the last letters of each may be missing. Each word is
 * quoted, so that nothing typed is an operator. Null when there is no word to look for.
 */
export function toMatchQuery(query: string): string | null {
  const words = query.match(/[\p{L}\p{N}\p{M}]+/gu);
  return words ? words.map((word) => `"${word}"*`).join(" ") : null;
}

/** A LIKE pattern that finds `query` anywhere; use with `ESCAPE '\'`. */
export function toLikePattern(query: string): string {
  return `%${query.trim().replaceAll(/[\\%_]/g, (character) => `\\${character}`)}%`;
}
