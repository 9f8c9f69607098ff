import type { Schema } from './api-routes';

/** What a person with bad intentions puts into a text field. All of it is text: some fields may take it. */
export const nastyTexts = [
  `'; DROP TABLE organizations; --`,
  `" OR ""="`,
  '${7*7}{{7*7}}#{7*7}',
  'a\r\nset-cookie: x=1',
  '\u202Egnp.exe',
  '../../../../etc/passwd',
  '%00%0d%0a',
  '%',
  '_',
  '\\',
  '<script>alert(1)</script>',
  '\uFFFF\u{10FFFF}',
  'é'.repeat(100),
  '',
  ' ',
];

/** What no text field takes. */
export const refusedTexts = ['a\0b', '\ud800', 'x'.repeat(20_000)];

const ofAnyType: [string, unknown][] = [
  ['text', 'text'],
  ['number', 12.5],
  ['integer', 7],
  ['huge', 1e300],
  ['negative', -1],
  ['boolean', true],
  ['list', [1]],
  ['object', { a: 1 }],
];

function fits(type: string | undefined, value: unknown): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'integer':
    case 'number':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'array':
      return Array.isArray(value);
    default:
      return typeof value === 'object' && !Array.isArray(value);
  }
}

/** Values of another type than the schema's. */
export function wrongTypes(schema: Schema): unknown[] {
  const wrong = ofAnyType.map(([, value]) => value).filter((value) => !fits(schema.type, value));
  return schema.nullable ? wrong : [...wrong, null];
}

/** Values of the right type that are out of the schema's bounds. */
export function outOfBounds(schema: Schema): unknown[] {
  const values: unknown[] = [];
  if (schema.maximum !== undefined) values.push(schema.maximum + 1, 1e300);
  if (schema.minimum !== undefined) values.push(schema.minimum - 1);
  if (schema.type === 'integer') values.push(1.5, Number.MAX_SAFE_INTEGER);
  if (schema.maxLength !== undefined) values.push('x'.repeat(schema.maxLength + 1));
  if (schema.enum) values.push('none-of-these');
  if (schema.pattern) values.push('\n', 'does not match');
  if (schema.maxItems !== undefined) values.push(Array.from({ length: schema.maxItems + 1 }, () => 'x'));
  if (schema.type === 'string') values.push(...refusedTexts);
  if (schema.type === 'object')
    values.push({ a: 'a\0b' }, { '\0': 1 }, { a: '\udfff' }, JSON.parse('{"__proto__":1}'));
  return values;
}
