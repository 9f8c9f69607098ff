import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEgressPath, signEgressPath } from './egress-path';

interface Vectors {
  keys: string;
  urls: { base_url: string; path: string }[];
  verified: { name: string; segment: string; base_url: string | null }[];
}

const vectors = JSON.parse(
  readFileSync(join(__dirname, '../../../litellm/egress-url-vectors.json'), 'utf8'),
) as Vectors;
const ring = vectors.keys.split(',').map((entry) => {
  const [kid = '', encoded = ''] = entry.split(':');
  return { kid, key: Buffer.from(encoded, 'base64url') };
});

/** The same file is read by litellm/signalbox_litellm/test_egress_url.py. */
describe('addresses of the relay, as both languages make and read them', () => {
  it.each(vectors.urls)('$base_url', ({ base_url: baseUrl, path }) => {
    expect(signEgressPath(ring, baseUrl)).toBe(path);
    expect(readEgressPath(ring, `${path}/chat/completions`)).toEqual({
      ok: true,
      baseUrl,
      rest: '/chat/completions',
    });
  });

  it.each(vectors.verified)('$name', ({ segment, base_url: expected }) => {
    const read = readEgressPath(ring, `/egress/${segment}`);
    expect(read.ok ? read.baseUrl : null).toBe(expected);
  });
});
