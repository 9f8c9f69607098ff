// Parses the subset of GraphQL that prisma-client-py writes (prisma/generator/templates/builder.py.jinja):
// `query|mutation { result: fieldName (args) { selection } }`. Values are JSON scalars, lists and objects with bare keys.

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y;
const IGNORED = /[\s,]*/y;

export class GraphqlSyntaxError extends Error {}

/** @returns {{ operation: string, fieldName: string, arguments: object, selection: object }} */
export function parseOperation(text) {
  const cursor = { text, at: 0 };
  const operation = readName(cursor);
  expect(cursor, '{');
  let fieldName = readName(cursor);
  if (take(cursor, ':')) fieldName = readName(cursor);
  const field = readFieldBody(cursor);
  expect(cursor, '}');
  return { operation, fieldName, ...field };
}

function readFieldBody(cursor) {
  const args = take(cursor, '(') ? readPairs(cursor, ')') : {};
  const selection = take(cursor, '{') ? readSelection(cursor) : {};
  return { arguments: args, selection };
}

function readSelection(cursor) {
  const selection = {};
  while (!take(cursor, '}')) {
    const name = readName(cursor);
    const body = readFieldBody(cursor);
    const isPlain = Object.keys(body.arguments).length === 0 && Object.keys(body.selection).length === 0;
    selection[name] = isPlain ? true : body;
  }
  return selection;
}

function readPairs(cursor, closing) {
  const pairs = {};
  while (!take(cursor, closing)) {
    const key = peek(cursor) === '"' ? readString(cursor) : readName(cursor);
    expect(cursor, ':');
    pairs[key] = readValue(cursor);
  }
  return pairs;
}

function readValue(cursor) {
  const next = peek(cursor);
  if (next === '"') return readString(cursor);
  if (take(cursor, '{')) return readPairs(cursor, '}');
  if (take(cursor, '[')) return readList(cursor);
  const number = match(cursor, NUMBER);
  if (number !== null) return toNumber(number);
  return toConstant(readName(cursor));
}

function readList(cursor) {
  const items = [];
  while (!take(cursor, ']')) items.push(readValue(cursor));
  return items;
}

// A loop and not a regular expression: spend logs carry strings of megabytes.
function readString(cursor) {
  const start = cursor.at;
  let end = start;
  for (;;) {
    end = cursor.text.indexOf('"', end + 1);
    if (end === -1) throw new GraphqlSyntaxError(`unterminated string at ${start}`);
    let backslashes = 0;
    while (cursor.text[end - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) break;
  }
  cursor.at = end + 1;
  return JSON.parse(cursor.text.slice(start, end + 1));
}

function toNumber(literal) {
  const value = Number(literal);
  const loses = Number.isInteger(value) && !Number.isSafeInteger(value) && !/[.eE]/.test(literal);
  return loses ? { $type: 'BigInt', value: literal } : value;
}

const CONSTANTS = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
]);

function toConstant(name) {
  return CONSTANTS.has(name) ? CONSTANTS.get(name) : name;
}

function readName(cursor) {
  const name = match(cursor, NAME);
  if (name === null) throw new GraphqlSyntaxError(`expected a name at ${cursor.at}`);
  return name;
}

function expect(cursor, char) {
  if (!take(cursor, char)) throw new GraphqlSyntaxError(`expected "${char}" at ${cursor.at}`);
}

function take(cursor, char) {
  if (peek(cursor) !== char) return false;
  cursor.at += 1;
  return true;
}

function peek(cursor) {
  IGNORED.lastIndex = cursor.at;
  IGNORED.test(cursor.text);
  cursor.at = IGNORED.lastIndex;
  return cursor.text[cursor.at];
}

function match(cursor, pattern) {
  peek(cursor);
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text);
  if (found === null) return null;
  cursor.at = pattern.lastIndex;
  return found[0];
}
