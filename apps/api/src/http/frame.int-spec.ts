import { createLogger } from '@signalbox/common';
import { IdempotencyService } from '@signalbox/domain/idempotency';
import { OrganizationService } from '@signalbox/domain/organizations';
import { OrganizationEntity, ServiceTokenEntity } from '@signalbox/database';
import { connect } from 'node:net';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';
import { TcpProxy } from '../../../../test/support/tcp-proxy';
import { waitUntil } from '../../../../test/support/wait-until';

interface Problem {
  code: string;
  detail: string;
  request_id: string;
}

let api: ApiApp;
let token: string;
const logLines: string[] = [];

beforeAll(async () => {
  api = await openApiApp({ logger: createLogger('debug', {}, (line) => logLines.push(line)) });
  token = await api.createToken();
});

afterAll(() => api.close());
afterEach(() => jest.restoreAllMocks());

describe('an error that nobody thought of', () => {
  it('is a bare 500 for the caller, and a line with its cause in the log', async () => {
    const secret = 'sk-sb-aCanaryThatMustNotBeSeenAnywhere';
    jest
      .spyOn(api.get(OrganizationService), 'list')
      .mockRejectedValue(new Error(`relation "organizations" is broken, ${secret}`));
    const { status, body } = await api.call<Problem>('GET', '/api/v1/organizations', { token });
    expect([status, body.code]).toEqual([500, 'internal_error']);
    expect(JSON.stringify(body)).not.toMatch(/relation|sk-sb/);
    const line = logLines.find((text) => text.includes(body.request_id) && text.includes('relation'));
    expect(line).toContain('request failed');
    expect(logLines.join()).not.toContain(secret);
  });
});

describe('the log', () => {
  it('has one line per request, with neither query nor body nor token', async () => {
    const path = '/api/v1/organizations?search=canary-search';
    const { headers } = await api.call('GET', path, { token });
    const id = headers.get('x-request-id') ?? '';
    await waitUntil(() => logLines.some((line) => line.includes(id)), {
      deadlineMs: 2_000,
      what: 'the log line',
    });
    const lines = logLines.filter((line) => line.includes(id));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      method: 'GET',
      path: '/api/v1/organizations',
      status: 200,
    });
    expect(logLines.join()).not.toContain('canary-search');
    expect(logLines.join()).not.toContain(token);
  });
});

describe('the two listeners', () => {
  const internal = (path: string, authorization?: string) =>
    api.call<Problem>('GET', `${api.internalUrl}${path}`, {
      headers: authorization === undefined ? {} : { authorization },
    });

  it('keep internal routes off the public port, however they are written', async () => {
    const authorization = `Bearer ${api.config.internalToken}`;
    for (const path of [
      '/internal/v1/runner/release',
      '/INTERNAL/v1/runner/release',
      '/internal',
      '//internal/v1/runner/release',
      '/%69nternal/v1/runner/release',
    ]) {
      const { status, body } = await api.call<Problem>('GET', path, { headers: { authorization } });
      expect([path, status, body.code]).toEqual([path, 404, 'route_not_found']);
    }
  });

  it('answer on the internal port only internal routes, only with the internal token', async () => {
    const wrong = [undefined, 'Bearer wrong', `Bearer ${token}`, `Basic ${api.config.internalToken}`];
    for (const authorization of wrong) {
      const { status, body } = await internal('/internal/v1/runner/release', authorization);
      expect([status, body.code]).toEqual([401, 'internal_token_invalid']);
    }
    for (const path of ['/health/liveliness', '/api/v1/whoami', '/api/docs', '/']) {
      const { status, body } = await internal(path, `Bearer ${api.config.internalToken}`);
      expect([path, status, body.code]).toEqual([path, 404, 'route_not_found']);
    }
    expect(
      (await internal('/internal/v1/runner/release', `Bearer ${api.config.internalToken}`)).status,
    ).toBeLessThan(300);
  });
});

describe('a service token', () => {
  const lastUse = async (name: string) => {
    const [row] = await api.database.transactions.run('platform', (manager) =>
      manager.findBy(ServiceTokenEntity, { name }),
    );
    return row?.lastUsedAt ?? null;
  };

  it('is marked as used, at most once a minute', async () => {
    const made = await api.call<{ token: string }>('POST', '/api/v1/service-tokens', {
      token,
      body: { name: 'use-me', scopes: ['audit:read'] },
    });
    expect(await lastUse('use-me')).toBeNull();
    await api.call('GET', '/api/v1/whoami', { token: made.body.token });
    const first = await waitUntil(() => lastUse('use-me'), { deadlineMs: 2_000, what: 'last_used_at' });
    await api.call('GET', '/api/v1/whoami', { token: made.body.token });
    expect(await lastUse('use-me')).toEqual(first);
  });

  it('is refused with the next request after it was revoked', async () => {
    const made = await api.call<{ id: string; token: string }>('POST', '/api/v1/service-tokens', {
      token,
      body: { name: 'revoke-me', scopes: ['*'] },
    });
    const use = () => api.call<Problem>('GET', '/api/v1/whoami', { token: made.body.token });
    expect((await use()).status).toBe(200);
    const revoked = await api.call('POST', `/api/v1/service-tokens/${made.body.id}/revoke`, {
      token: made.body.token,
    });
    expect(revoked.status).toBe(200);
    expect((await use()).body.code).toBe('token_revoked');
  });
});

describe('while PostgreSQL is away', () => {
  it('answers 503 with a time to try again, says so in its readiness, and is well again by itself', async () => {
    const proxy = await TcpProxy.start(api.database.appUrl);
    const other = await openApiApp({ config: { databaseUrl: proxy.url } });
    try {
      const ownToken = await other.createToken();
      const list = (url: string) =>
        other.call<Problem>('GET', `${url}/api/v1/organizations`, { token: ownToken });
      await list(other.url);
      proxy.sever();
      const away = await waitUntil(
        async () => {
          const answer = await list(other.url);
          return answer.status === 503 && answer;
        },
        {
          deadlineMs: 10_000,
          what: 'a 503',
        },
      );
      expect([away.body.code, away.headers.get('retry-after')]).toEqual(['database_unavailable', '5']);
      const readiness = await other.call('GET', '/health/readiness');
      expect([readiness.status, readiness.body]).toMatchObject([503, { checks: { database: 'down' } }]);
      expect((await other.call('GET', '/health/liveliness')).status).toBe(200);
      proxy.restore();
      await waitUntil(async () => (await other.call('GET', '/health/readiness')).status === 200, {
        deadlineMs: 10_000,
        what: 'readiness',
      });
    } finally {
      await other.close();
      await proxy.close();
    }
  });
});

describe('while Redis is away', () => {
  it('goes on answering, quickly, and says that it is degraded', async () => {
    const proxy = await TcpProxy.start(api.config.redisUrl);
    const other = await openApiApp({ config: { redisUrl: proxy.url } });
    try {
      const ownToken = await other.createToken();
      const create = () =>
        other.call('POST', '/api/v1/organizations', { token: ownToken, body: { name: 'a' } });
      expect((await create()).status).toBe(201);
      proxy.sever();
      const startedAt = performance.now();
      expect((await create()).status).toBe(201);
      expect(performance.now() - startedAt).toBeLessThan(3_000);
      const { status, body } = await other.call('GET', '/health/readiness');
      expect([status, body]).toEqual([
        200,
        { status: 'degraded', checks: { database: 'ok', redis: 'down' } },
      ]);
    } finally {
      await other.close();
      await proxy.close();
    }
  });
});

describe('a change whose answer cannot be kept', () => {
  it('is answered all the same', async () => {
    jest.spyOn(api.get(IdempotencyService), 'keepAnswer').mockResolvedValue();
    const answer = await api.call<{ id: string }>('POST', '/api/v1/organizations', {
      token,
      body: { name: 'kept-nowhere' },
      headers: { 'idempotency-key': 'frame-1' },
    });
    expect(answer.status).toBe(201);
  });
});

describe('closing', () => {
  it('lets a running request end, takes no new one, and does not wait for idle connections', async () => {
    const other = await openApiApp();
    const ownToken = await other.createToken();
    await other.call('GET', '/health/liveliness');
    let release: () => void = () => undefined;
    const reached = new Promise<void>((resolveReached) => {
      jest.spyOn(other.get(OrganizationService), 'get').mockImplementation(async () => {
        resolveReached();
        await new Promise<void>((resolve) => (release = resolve));
        return Object.assign(new OrganizationEntity(), {
          id: 'org_x',
          createdAt: new Date(),
          updatedAt: new Date(),
        });
      });
    });
    const running = other.call('GET', '/api/v1/organizations/org_01m7ykrzh0earb9nt9fe65dsgn', {
      token: ownToken,
    });
    await reached;
    const closing = other.close();
    await waitUntil(() => refuses(other.url), { deadlineMs: 2_000, what: 'new connections to be refused' });
    release();
    expect((await running).status).toBe(200);
    const startedAt = performance.now();
    await closing;
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });
});

function refuses(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}
