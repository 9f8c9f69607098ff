const fence = '```';
const thinking = '</think>';
const quotes: ReadonlySet<string> = new Set('"\'`“”„«»‘’*_');
const spaces = /\s+/g;

/**
 * What is left to judge: models of one's own write what they think before the answer, and many put an answer into a code block though
 * nobody asked for one.
 */
export function bareAnswer(text: string): string {
  const thoughtEnd = text.lastIndexOf(thinking);
  const answer = text
    .slice(thoughtEnd < 0 ? 0 : thoughtEnd + thinking.length)
    .replaceAll('\r\n', '\n')
    .trim();
  const blocks = codeBlocks(answer);
  const isOneBlock = blocks.length === 1 && answer.startsWith(fence) && answer.endsWith(fence);
  return isOneBlock ? (blocks[0] ?? '').trim() : answer;
}

/** The contents of all code blocks; one that does not end reaches to the end of the text. */
export function codeBlocks(text: string): string[] {
  return text
    .split(fence)
    .filter((_part, index) => index % 2 === 1)
    .map((block) => {
      const lineEnd = block.indexOf('\n');
      const isLabelled = lineEnd >= 0 && /^[\w+#-]*$/.test(block.slice(0, lineEnd).trim());
      return isLabelled ? block.slice(lineEnd + 1) : block;
    });
}

export function linesOf(text: string): string[] {
  return text.split('\n').map((line) => line.trimEnd());
}

export function wordCount(text: string): number {
  return text.split(spaces).filter(Boolean).length;
}

/** By hand: a pattern for those at the end would start anew at each one of a long line of them. */
function withoutQuotes(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && quotes.has(text[start]!)) start += 1;
  while (start < end && quotes.has(text[end - 1]!)) end -= 1;
  return text.slice(start, end);
}

/** In which two answers are the same text: case, quotes, emphasis, blanks and a full stop say nothing. */
export function comparable(text: string): string {
  const bare = withoutQuotes(text.normalize('NFKC').replaceAll(spaces, ' ').trim());
  return withoutQuotes(bare.replace(/[.!。]$/, '')).toLowerCase();
}
