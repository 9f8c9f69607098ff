interface Span {
  readonly start: number;
  readonly end: number;
}

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function afterSpace(json: Buffer, from: number): number {
  let at = from;
  while (isSpace(json[at])) at += 1;
  return at;
}

/**
 * Megabytes of a file have no escapes, so the first quote ends them. Where there are some it goes byte by byte: a search for each quote
 * would be slow where all of them are escaped.
 *
 * @param start of its first quote
 */
function afterString(json: Buffer, start: number): number {
  const first = json.indexOf(quote, start + 1);
  if (json[first - 1] !== backslash) return first + 1;
  let at = start + 1;
  while (at < json.length && json[at] !== quote) at += json[at] === backslash ? 2 : 1;
  return at + 1;
}

function afterNested(json: Buffer, start: number): number {
  let depth = 0;
  let at = start;
  while (at < json.length) {
    const byte = json[at];
    if (byte === quote) {
      at = afterString(json, at);
      continue;
    }
    if (byte === openBrace || byte === openBracket) depth += 1;
    if (byte === closeBrace || byte === closeBracket) depth -= 1;
    at += 1;
    if (depth === 0) break;
  }
  return at;
}

function afterValue(json: Buffer, start: number): number {
  const first = json[start];
  if (first === quote) return afterString(json, start);
  if (first === openBrace || first === openBracket) return afterNested(json, start);
  let at = start;
  while (at < json.length && json[at] !== comma && json[at] !== closeBrace && !isSpace(json[at])) at += 1;
  return at;
}

/** Where the values stand. null: a name comes twice or not at all, or one is written with escapes. */
function findValues(json: Buffer, names: readonly string[]): Map<string, Span> | null {
  const spans = new Map<string, Span>();
  let at = afterSpace(json, json.indexOf(openBrace) + 1);
  while (json[at] === quote) {
    const nameEnd = afterString(json, at);
    const name = json.toString('utf8', at + 1, nameEnd - 1);
    if (name.includes('\\') || spans.has(name)) return null;
    const start = afterSpace(json, json.indexOf(colon, nameEnd) + 1);
    const end = afterValue(json, start);
    if (names.includes(name)) spans.set(name, { start, end });
    at = afterSpace(json, end);
    if (json[at] === comma) at = afterSpace(json, at + 1);
  }
  return spans.size === names.length ? spans : null;
}

/**
 * Other values for fields of an object; everything else stays byte for byte: numbers that JavaScript cannot hold, the order of
 * names, and megabytes that need not be written anew.
 *
 * @param json known to be a JSON object
 * @returns null where it is not certain which bytes are meant
 */
export function replaceFields(json: Buffer, changes: Readonly<Record<string, unknown>>): Buffer | null {
  const spans = findValues(json, Object.keys(changes));
  if (!spans) return null;
  const pieces: Buffer[] = [];
  let copied = 0;
  const inOrder = [...spans].sort(([, left], [, right]) => left.start - right.start);
  for (const [name, { start, end }] of inOrder) {
    pieces.push(json.subarray(copied, start), Buffer.from(JSON.stringify(changes[name]), 'utf8'));
    copied = end;
  }
  return Buffer.concat([...pieces, json.subarray(copied)]);
}
