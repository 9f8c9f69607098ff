import { REDIS } from '@signalbox/domain/core';
import type { Redis } from 'ioredis';
import { RunnerStandIn } from '../../../../test/stand-ins/runner.stand-in';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';
import { waitUntil } from '../../../../test/support/wait-until';
import type { StatusView } from './status.dto';

const internalToken = 'internal-token-of-status';
let runner: RunnerStandIn;
let api: ApiApp;
let token: string;

beforeAll(async () => {
  runner = await RunnerStandIn.start(internalToken);
  api = await openApiApp({ config: { runnerUrl: runner.url, internalToken } });
  token = await api.createToken();
  // The API does not wait for Redis at its start, and commands fail fast until the connection is there.
  await waitUntil(() => redis().status === 'ready', { deadlineMs: 5_000, what: 'the connection to Redis' });
});

afterAll(async () => {
  await api.close();
  await runner.close();
});

const look = async (as = token) => (await api.call<StatusView>('GET', '/api/v1/status', { token: as })).body;

function redis(): Redis {
  return api.get<Redis>(REDIS);
}

describe('the status', () => {
  it('shows who reported, what LiteLLM does and what waits', async () => {
    const beat = (process: string) =>
      redis().set(
        `${api.config.redisPrefix}:heartbeat:${process}:${process}-1`,
        JSON.stringify({
          process,
          id: `${process}-1`,
          pid: 7,
          started_at: '2026-11-21T08:00:00.000Z',
          reported_at: '2026-11-21T08:00:05.000Z',
          keys: 3,
        }),
        'EX',
        15,
      );
    const differences = { missing: 0, different: 1, dead: 0, unknown: 0, foreign: 2 };
    const comparison = { startedAt: '2026-11-21T08:00:00.000Z', keysInLitellm: 9, keys: differences };
    await redis().set(`${api.config.redisPrefix}:report:mirror`, JSON.stringify(comparison));
    await beat('edge');
    await beat('worker');
    await redis().set(`${api.config.redisPrefix}:heartbeat:edge:broken`, '{', 'EX', 15);
    runner.announceCandidate('verifying');
    const status = await look();
    expect(status).toMatchObject({
      database: { status: 'ok' },
      redis: { status: 'ok' },
      secret_store: { status: 'ok', kind: 'sealed' },
      credentials: { verified: 0, invalid: 0 },
      litellm: { status: 'starting' },
      runner: { status: 'ok', engine: 'wasm', candidate: { phase: 'verifying', release_number: 2 } },
      edges: [
        {
          id: 'edge-1',
          pid: 7,
          started_at: '2026-11-21T08:00:00.000Z',
          reported_at: '2026-11-21T08:00:05.000Z',
          details: { keys: 3 },
        },
      ],
      workers: [{ id: 'worker-1' }],
      active_release: null,
      outbox: { pending: 0 },
      mirror_comparison: { started_at: '2026-11-21T08:00:00.000Z', keys_in_litellm: 9, keys: differences },
    });
    expect(status.version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('counts the copies in LiteLLM, and what waits for the worker', async () => {
    const { body } = await api.call<{ id: string }>('POST', '/api/v1/organizations', {
      token,
      body: { name: 'Acme' },
    });
    await api.call('POST', '/api/v1/workspaces', { token, body: { organization_id: body.id, name: 'main' } });
    const status = await look();
    expect(status.mirror.workspaces).toEqual({ pending: 1, synced: 0, failed: 0 });
    expect(status.outbox?.pending).toBeGreaterThan(0);
  });

  it('shows an organization less', async () => {
    const { body } = await api.call<{ id: string }>('POST', '/api/v1/organizations', {
      token,
      body: { name: 'B' },
    });
    const status = await look(await api.createToken({ organizationId: body.id }));
    expect(Object.keys(status).sort()).toEqual(
      ['status', 'problems', 'version', 'database', 'redis', 'litellm', 'credentials', 'mirror'].sort(),
    );
    expect(status.mirror.workspaces).toEqual({ pending: 0, synced: 0, failed: 0 });
  });

  it('comes soon when the runner does not answer, and says what to do', async () => {
    const other = await openApiApp({ config: { runnerUrl: 'http://127.0.0.1:9' } });
    try {
      const startedAt = performance.now();
      const answer = await other.call<StatusView>('GET', '/api/v1/status', {
        token: await other.createToken(),
      });
      expect(performance.now() - startedAt).toBeLessThan(4_000);
      expect(answer.body).toMatchObject({
        status: 'degraded',
        litellm: { status: 'unknown' },
        runner: { status: 'down' },
      });
      expect(answer.body.problems.join()).toContain('runner');
    } finally {
      await other.close();
    }
  });
});
