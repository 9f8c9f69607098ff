import fc from 'fast-check';
import { last4Of, maskedKey, prefixOf } from './mask-secret';

const shown = (secret: string): string => maskedKey({ keyPrefix: prefixOf(secret), last4: last4Of(secret) });

const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
});

describe('a masked key', () => {
  it.each([
    ['sk-ant-api03-0123456789abcdef', 'sk-ant-...cdef'],
    ['sk-proj-0123456789abcdef', 'sk-proj-...cdef'],
    ['sk-0123456789abcdef', 'sk-...cdef'],
    ['gsk_0123456789abcdef', 'gsk_...cdef'],
    ['AIzaSy0123456789abcdef', 'AIza...cdef'],
    ['0123456789abcdef', '...cdef'],
    ['sk-12345678', '....'],
    ['EMPTY', '....'],
  ])('of %s is %s', (secret, expected) => {
    expect(shown(secret)).toBe(expected);
  });

  it('shows a well-known prefix and the last 4, or nothing, and leaves at least 8 characters to guess', () => {
    const prefixes = fc.constantFrom('', 'sk-', 'sk-ant-', 'sk-proj-', 'hf_', 'xai-', 'unknown-');
    fc.assert(
      fc.property(prefixes, visible, (prefix, rest) => {
        const secret = prefix + rest;
        if (shown(secret) === '....') {
          expect(secret.length).toBeLessThan(8 + 12);
          return;
        }
        const [head, tail] = [shown(secret).slice(0, -7), shown(secret).slice(-4)];
        expect(shown(secret)).toBe(`${head}...${tail}`);
        expect(['', 'sk-', 'sk-ant-', 'sk-proj-', 'sk-or-', 'hf_', 'xai-', 'gsk_']).toContain(head);
        expect(secret.startsWith(head) && secret.endsWith(tail)).toBe(true);
        expect(secret.length - head.length - tail.length).toBeGreaterThanOrEqual(8);
      }),
    );
  });

  it('shows nothing of a key of less than 12 characters', () => {
    fc.assert(
      fc.property(visible, (secret) => {
        fc.pre(secret.length < 12);
        expect(shown(secret)).toBe('....');
      }),
    );
  });
});
