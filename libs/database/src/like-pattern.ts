/** For ILIKE: wildcards lose their meaning, so that a search for `50%` finds just that. */
export function containsPattern(search: string): string {
  return `%${search.replace(/[\\%_]/g, (character) => `\\${character}`)}%`;
}
