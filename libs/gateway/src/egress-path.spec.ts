import fc from 'fast-check';
import { readEgressPath, signEgressPath } from './egress-path';

const keys = [
  { kid: 'new', key: Buffer.alloc(32, 1) },
  { kid: 'old', key: Buffer.alloc(32, 2) },
];
const url = fc.webUrl({ withQueryParameters: true });

describe('the path of the relay', () => {
  it('leads back to the address that was signed, with what was appended', () => {
    fc.assert(
      fc.property(url, (baseUrl) => {
        const path = signEgressPath(keys, baseUrl);
        expect(readEgressPath(keys, path)).toEqual({ ok: true, baseUrl, rest: '' });
        expect(readEgressPath(keys, `${path}/chat/completions`)).toEqual({
          ok: true,
          baseUrl,
          rest: '/chat/completions',
        });
      }),
    );
  });

  it('is the one that the Python side makes', () => {
    // egress_url.EgressRelay('', {'old': bytes([2]) * 32}).url_for('https://llm.example.com/v1')
    expect(signEgressPath([keys[1]!], 'https://llm.example.com/v1')).toBe(
      '/egress/aHR0cHM6Ly9sbG0uZXhhbXBsZS5jb20vdjE.old.4zGxB9xRaK4oWHqc0Q0nndMOQ5lzLMw3kllWpfU3at4',
    );
  });

  it('may be signed with any key of the ring, and with no other', () => {
    const path = signEgressPath([keys[1]!], 'https://llm.example.com/v1');
    expect(readEgressPath(keys, path).ok).toBe(true);
    expect(readEgressPath([keys[0]!], path)).toEqual({ ok: false, reason: 'not_signed' });
  });

  it('with any character changed leads nowhere else', () => {
    const baseUrl = 'https://llm.example.com/v1';
    const path = signEgressPath(keys, baseUrl);
    fc.assert(
      fc.property(fc.nat(path.length - 1), fc.stringMatching(/^[A-Za-z0-9_.-]$/), (index, char) => {
        const changed = path.slice(0, index) + char + path.slice(index + 1);
        const read = readEgressPath(keys, changed);
        // The last character of base64url has spare bits, so another spelling of the same mac may pass.
        if (read.ok) expect(read.baseUrl).toBe(baseUrl);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    '',
    '/',
    '/egress',
    '/egress/',
    '/egress/abc',
    '/egress/a.b',
    '/egress/a.new.b.c',
    '/v1/chat/completions',
  ])('is not %j', (path) => {
    expect(readEgressPath(keys, path)).toEqual({ ok: false, reason: 'not_found' });
  });

  it.each(['/..', '/../admin', '/a/%2e%2e/b', '/%2E./x', '/a%2f..%2fb', '/..%5cx', '/./x'])(
    'does not leave the base URL: %s',
    (rest) => {
      const path = signEgressPath(keys, 'https://llm.example.com/v1');
      expect(readEgressPath(keys, path + rest)).toEqual({ ok: false, reason: 'dot_segment' });
    },
  );
});
