import fc from 'fast-check';
import { checkBaseUrl } from './base-url';

it('takes off slashes at the end, as LiteLLM joins paths by concatenation', () => {
  expect(checkBaseUrl('http://127.0.0.1:8000/v1//')).toBe('http://127.0.0.1:8000/v1');
  expect(checkBaseUrl('https://example.com')).toBe('https://example.com');
});

it.each([
  'http://user@example.com',
  'http://user:pass@example.com',
  'javascript:alert(1)',
  'file:///etc/passwd',
  'http://example.com/a b',
  'http://example.com/\r\nx-header: 1',
  'http://example.com/#fragment',
  'http://example.com/?key=1',
  'example.com/v1',
  `http://example.com/${'x'.repeat(512)}`,
  String.raw`http:\\example.com`,
])('refuses %j', (text) => {
  expect(() => checkBaseUrl(text)).toThrow('base_url');
});

it('never lets through anything but a plain http(s) address', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.string()),
      (text) => {
        let checked: string;
        try {
          checked = checkBaseUrl(text);
        } catch {
          return;
        }
        const { protocol, username, password, search, hash } = new URL(checked);
        expect(['http:', 'https:']).toContain(protocol);
        expect([username, password, search, hash]).toEqual(['', '', '', '']);
      },
    ),
  );
});
