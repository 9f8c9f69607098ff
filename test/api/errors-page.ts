/** @returns the codes that have a section of their own (`### code`), in the page's order */
export function sectionCodes(page: string): string[] {
  return [...page.matchAll(/^### ([a-z_]+)$/gm)].map((match) => match[1] ?? '');
}
