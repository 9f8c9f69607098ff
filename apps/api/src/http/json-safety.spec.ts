import fc from 'fast-check';
import { findUnsafeJson } from './json-safety';

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = { a: value };
  return value;
}

describe('what PostgreSQL cannot store', () => {
  it.each([
    [{ name: 'a\0b' }, 'name'],
    [{ metadata: { list: ['ok', { deep: '\ud800' }] } }, 'metadata.list.1.deep'],
    [{ metadata: { 'a\0': 1 } }, 'metadata'],
    [JSON.parse('{"metadata":{"__proto__":{"isAdmin":true}}}'), 'metadata'],
    [JSON.parse('{"limit":1e999}'), 'limit'],
    ['\udfff', 'body'],
  ])('is found in %j', (body, field) => {
    expect(findUnsafeJson(body)).toMatchObject({ field });
  });

  it('is not found in what JSON can hold otherwise', () => {
    expect(
      findUnsafeJson({ name: 'Ümläut 🚦 \u{10FFFF}\r\n', list: [null, true, 1.5], text: '' }),
    ).toBeNull();
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/\\u0000|\\ud[89a-f]|__proto__|constructor|prototype/i.test(text));
        expect(findUnsafeJson(JSON.parse(text))).toBeNull();
      }),
    );
  });

  it('is nesting without end, found without recursion', () => {
    expect(findUnsafeJson(nested(31))).toBeNull();
    expect(findUnsafeJson(nested(33))).not.toBeNull();
    expect(findUnsafeJson(JSON.parse('['.repeat(60_000) + ']'.repeat(60_000)))).not.toBeNull();
  });

  it('finds NUL wherever it is', () => {
    const place = fc.tuple(fc.array(fc.string({ maxLength: 5 }), { maxLength: 6 }), fc.nat(6));
    fc.assert(
      fc.property(place, ([texts, at]) => {
        const list = [...texts.slice(0, at), 'a\0', ...texts.slice(at)];
        expect(findUnsafeJson({ list })).not.toBeNull();
      }),
    );
  });
});
