import fc from 'fast-check';
import { decimalText } from './litellm-yaml';

it('writes a number without an exponent, and loses nothing', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = decimalText(value);
      expect(text).toMatch(/^-?[0-9]+(\.[0-9]+)?$/);
      expect(Number(text)).toBe(value === 0 ? 0 : value);
    }),
  );
});
