import { isRecord } from './is-record';

describe('a JSON object', () => {
  it.each(['{}', '{"a":1}', '{"length":0}'])('is %s', (text) => {
    expect(isRecord(JSON.parse(text))).toBe(true);
  });

  it.each(['null', '[]', '[{}]', '"text"', '0', 'true'])('is not %s', (text) => {
    expect(isRecord(JSON.parse(text))).toBe(false);
  });

  it('is not what is missing', () => {
    expect(isRecord(undefined)).toBe(false);
  });
});
