import { scopes } from '@signalbox/domain/access';
import { generateServiceTokenValue } from '@signalbox/gateway';
import type { ApiApp } from '../support/api-app';
import { type ApiRoute, titled, tokenRoutes } from './api-routes';
import { requiredBody } from './body-examples';
import { codeOf, flawOf } from './problem-expectations';
import { openApiWithoutWorker, pathWith, seedPlatform, seedWorld, type World } from './seeded-world';

jest.setTimeout(60_000);

let api: ApiApp;
let world: World;
const dead: { title: string; code: string; token: string | undefined }[] = [];

beforeAll(async () => {
  api = await openApiWithoutWorker();
  world = await seedWorld(api, 'canary-one', await seedPlatform(api));
  const revoked = await api.createToken({ revokedAt: new Date() });
  const expired = await api.createToken({ expiresAt: new Date(Date.now() - 1_000) });
  const whole = await api.createToken();
  const mistyped = whole.slice(0, -1) + (whole.endsWith('0') ? '1' : '0');
  dead.push(
    { title: 'no token', code: 'token_missing', token: undefined },
    { title: 'a mistyped token', code: 'token_malformed', token: mistyped },
    { title: 'a virtual key', code: 'token_malformed', token: 'sk-sb-abcdefghijklmnopqrstuvwxyz' },
    { title: 'an unknown token', code: 'token_unknown', token: generateServiceTokenValue() },
    { title: 'a revoked token', code: 'token_revoked', token: revoked },
    { title: 'an expired token', code: 'token_expired', token: expired },
  );
});

afterAll(() => api.close());

function callRoute(route: ApiRoute, token: string | undefined) {
  const body = requiredBody(route, world.ids);
  return api.call(route.method, pathWith(route, world.ids), {
    ...(token === undefined ? {} : { token }),
    ...(body === undefined ? {} : { body }),
  });
}

describe.each(titled(tokenRoutes))('%s', (title, route) => {
  it('answers nobody without a living token, and says why', async () => {
    for (const { code, token } of dead) {
      const answer = await callRoute(route, token);
      expect([title, answer.status, codeOf(answer)]).toEqual([title, 401, code]);
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
      expect(flawOf(route, answer)).toBeNull();
    }
  });

  it('needs exactly the scope that it names', async () => {
    if (needsNoScope(route)) {
      expect((await callRoute(route, await api.createToken({ scopes: [] }))).status).toBe(200);
      return;
    }
    const refused = await callRoute(route, await api.createToken({ scopes: [] }));
    expect([title, refused.status, codeOf(refused)]).toEqual([title, 403, 'scope_missing']);
    expect(flawOf(route, refused)).toBeNull();
    const needed = /scope ([a-z]+:[a-z]+)/.exec((refused.body as { detail: string }).detail)?.[1];
    expect(route.description).toMatch(new RegExp(`Scope:? ${needed}\\b`));

    const others = scopes.filter((scope) => scope !== needed);
    expect(codeOf(await callRoute(route, await api.createToken({ scopes: others })))).toBe('scope_missing');
    // Without the path's resource, so that nothing is deleted: what counts is that the scope is not the reason.
    const path = route.path.replaceAll(/\{[a-z_]+\}/g, 'none');
    const body = requiredBody(route, world.ids);
    const answer = await api.call(route.method, path, {
      token: await api.createToken({ scopes: needed ? [needed] : [] }),
      ...(body === undefined ? {} : { body }),
    });
    if (!createsTokens(route)) expect(codeOf(answer)).not.toBe('scope_missing');
  });
});

/** Says so in its description, and shows nothing of anybody. */
function needsNoScope(route: ApiRoute): boolean {
  return ['GET /api/v1/whoami', 'GET /api/v1/llm/provider-kinds'].includes(route.title);
}

/** A token may not hand on what it lacks, so a narrow one gets the same code for another reason. */
function createsTokens(route: ApiRoute): boolean {
  return route.title === 'POST /api/v1/service-tokens';
}

describe('the documentation and the health checks', () => {
  it.each(['/health/liveliness', '/health/readiness', '/api/docs', '/api/docs-json'])(
    'GET %s needs no token',
    async (path) => expect((await api.call('GET', path)).status).toBe(200),
  );
});
