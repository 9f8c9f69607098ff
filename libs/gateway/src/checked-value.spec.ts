import fc from 'fast-check';
import { checksum } from './checked-value';
import {
  generateServiceTokenValue,
  generateVirtualKeyValue,
  hashVirtualKeyValue,
  parseServiceTokenValue,
  parseVirtualKeyValue,
  previewServiceTokenValue,
  previewVirtualKeyValue,
} from './index';

const kinds = [
  { name: 'virtual key', prefix: 'sk-sb-', generate: generateVirtualKeyValue, parse: parseVirtualKeyValue },
  {
    name: 'service token',
    prefix: 'sbt_',
    generate: generateServiceTokenValue,
    parse: parseServiceTokenValue,
  },
];

const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });
const printable = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 });

describe.each(kinds)('the value of a $name', ({ prefix, generate, parse }) => {
  const value = seed.map((bytes) => generate(() => Buffer.from(bytes)));

  it('has its prefix, 43 random characters and a checksum, and is valid', () => {
    fc.assert(
      fc.property(value, (text) => {
        expect(text).toMatch(new RegExp(`^${prefix}[A-Za-z0-9_-]{43}[A-Za-z0-9]{6}$`));
        expect(parse(text)).toBe('valid');
      }),
    );
  });

  it('is malformed after any single wrong character', () => {
    fc.assert(
      fc.property(value, fc.nat(), printable, (text, at, other) => {
        const index = at % text.length;
        fc.pre(text[index] !== other);
        expect(parse(text.slice(0, index) + other + text.slice(index + 1))).toBe('malformed');
      }),
      { numRuns: 2_000 },
    );
  });

  it('is malformed after a lost, doubled or swapped character', () => {
    fc.assert(
      fc.property(value, fc.nat(), (text, at) => {
        const index = at % (text.length - 1);
        const [left, right] = [text.charAt(index), text.charAt(index + 1)];
        expect(parse(text.slice(0, index) + text.slice(index + 1))).toBe('malformed');
        expect(parse(text.slice(0, index) + left + text.slice(index))).toBe('malformed');
        const swapped = text.slice(0, index) + right + left + text.slice(index + 2);
        expect(parse(swapped)).toBe(left === right ? 'valid' : 'malformed');
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(['', prefix, 'sk-1234', 'sk-or-v1-0123456789abcdef', `${prefix}${'é'.repeat(49)}`])(
    'is not %p',
    (text) => expect(parse(text)).toBe('malformed'),
  );

  it('is new each time', () => {
    expect(generate()).not.toBe(generate());
  });
});

describe('key values', () => {
  it('keep their checksum over time: issued keys must stay valid', () => {
    // CRC-32 of "123456789" is 0xcbf43926 = 3421780262 (the check value of the CRC catalogue).
    expect(checksum('123456789')).toBe('3jZRME');
    const text = generateVirtualKeyValue((size) => Buffer.alloc(size, 7));
    expect(text).toBe('sk-sb-BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc' + text.slice(-6));
    expect(parseVirtualKeyValue(text)).toBe('valid');
  });

  it('are looked up by their SHA-256, as LiteLLM does', () => {
    expect(hashVirtualKeyValue('abc')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });

  it('do not stand for one another', () => {
    expect(parseVirtualKeyValue(generateServiceTokenValue())).toBe('malformed');
    expect(parseServiceTokenValue(generateVirtualKeyValue())).toBe('malformed');
  });

  it('show only their last four characters', () => {
    const key = generateVirtualKeyValue();
    expect(previewVirtualKeyValue(key)).toBe(`sk-...${key.slice(-4)}`);
    const token = generateServiceTokenValue();
    expect(previewServiceTokenValue(token)).toBe(`sbt_...${token.slice(-4)}`);
  });
});
