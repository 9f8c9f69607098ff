import { type EdgeApp, openEdgeApp } from '../../../../test/support/edge-app';

const page = 'https://chat.example.com';
let app: EdgeApp;
afterEach(() => app.close());

const preflight = (origin: string, headers: string): Promise<Response> =>
  fetch(`${app.url}/v1/chat/completions`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': headers,
    },
  });
const corsOf = ({ headers }: Response): string[] =>
  [...headers.keys()].filter((name) => name.startsWith('access-control-'));

describe('a page of a named origin', () => {
  beforeEach(async () => {
    app = await openEdgeApp({ config: { corsOrigins: [page, 'http://localhost:3000'] } });
  });

  it("may send what the vendors' SDKs send, and nothing else", async () => {
    const answer = await preflight(
      page,
      'Authorization, content-type,x-stainless-lang,anthropic-version,x-signalbox-context,cookie',
    );
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe(page);
    expect(answer.headers.get('access-control-allow-headers')).toBe(
      'authorization, content-type, x-stainless-lang, anthropic-version',
    );
    expect(answer.headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST, OPTIONS');
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect(answer.headers.get('vary')).toBe('Origin');
  });

  it('sees answers, errors included, and the headers that it needs', async () => {
    const key = await app.createKey();
    const good = await fetch(`${app.url}/v1/models`, {
      headers: { origin: page, authorization: `Bearer ${key.value}` },
    });
    const bad = await fetch(`${app.url}/v1/models`, { headers: { origin: page } });
    expect([good.status, bad.status]).toEqual([200, 401]);
    for (const { headers } of [good, bad]) {
      expect(headers.get('access-control-allow-origin')).toBe(page);
      expect(headers.get('access-control-expose-headers')).toMatch(
        /\bretry-after\b.*\bx-request-id\b.*\bx-ratelimit-remaining-tokens\b.*\bx-signalbox-route\b/,
      );
    }
  });

  it('is not another one that looks like it', async () => {
    for (const origin of [
      'https://chat.example.com.evil.com',
      'http://chat.example.com',
      'null',
      'https://CHAT.example.com',
    ]) {
      const answer = await preflight(origin, 'authorization');
      expect([origin, answer.status, corsOf(answer)]).toEqual([origin, 204, []]);
      expect(answer.headers.get('vary')).toBe('Origin');
    }
  });
});

it('any page may call where * is set, without credentials', async () => {
  app = await openEdgeApp({ config: { corsOrigins: ['*'] } });
  const answer = await preflight('https://anywhere.example', 'x-api-key');
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  expect(answer.headers.get('access-control-allow-headers')).toBe('x-api-key');
  expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
});

it('no page may call where nothing is set', async () => {
  app = await openEdgeApp();
  expect(corsOf(await preflight(page, 'authorization'))).toEqual([]);
});
