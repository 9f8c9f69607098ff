import fc from 'fast-check';
import { replaceFields } from './json-fields';

const replaced = (text: string, changes: object): string | undefined =>
  replaceFields(Buffer.from(text), changes as Record<string, unknown>)?.toString();

describe('other values for fields of a body', () => {
  it.each([
    ['{"model":"eco","seed":12345678901234567890}', '{"model":"x","seed":12345678901234567890}'],
    ['{"t":1.0,"model":"eco","big":1e400}', '{"t":1.0,"model":"x","big":1e400}'],
    ['\n{ "model" :\t"eco" , "a": [{"model": 1}] }\r\n', '\n{ "model" :\t"x" , "a": [{"model": 1}] }\r\n'],
    ['{"a":"\\\\\\"model\\\\","model":"e\\"co"}', '{"a":"\\\\\\"model\\\\","model":"x"}'],
    [
      '{"a":{"model":"in","b":["}",{"model":2}]},"model":"eco"}',
      '{"a":{"model":"in","b":["}",{"model":2}]},"model":"x"}',
    ],
    ['{"__proto__":{"model":1},"model":"eco"}', '{"__proto__":{"model":1},"model":"x"}'],
  ])('%s', (text, expected) => {
    expect(replaced(text, { model: 'x' })).toBe(expected);
  });

  it.each(['{"model":"a","model":"b"}', '{"mod\\u0065l":"a"}', '{"model":"a","mod\\u0065l":"b"}', '{}'])(
    'are not put into %s, where nobody can say which one is meant',
    (text) => {
      expect(replaced(text, { model: 'x' })).toBeUndefined();
    },
  );

  it('may be several, in any order', () => {
    const text = '{"stream_options":{"a":1},"n":9007199254740993,"model":"eco"}';
    expect(replaced(text, { model: 'x', stream_options: { b: 2 } })).toBe(
      '{"stream_options":{"b":2},"n":9007199254740993,"model":"x"}',
    );
  });

  it('change nothing else, whatever else there is', () => {
    const isPlain = (name: string): boolean => name !== 'model' && !JSON.stringify(name).includes('\\');
    const names = fc.string({ unit: 'binary' }).filter(isPlain);
    fc.assert(
      fc.property(
        fc.dictionary(names, fc.jsonValue()),
        fc.dictionary(names, fc.jsonValue()),
        fc.string(),
        fc.constantFrom(undefined, 1, '\t'),
        (before, after, model, space) => {
          const text = JSON.stringify({ ...before, model: 'eco', ...after }, null, space);
          const expected = JSON.stringify({ ...before, model, ...after }, null, space);
          expect(replaced(text, { model })).toBe(expected);
        },
      ),
    );
  });
});
