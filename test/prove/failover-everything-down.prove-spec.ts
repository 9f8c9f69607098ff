import { setTimeout as delay } from 'node:timers/promises';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';
import type { CreatedKey } from '../support/e2e/admin-api';
import { ChatClient } from '../support/e2e/chat-client';
import { ExtraEdge } from '../support/e2e/extra-edge';
import { countBy, type FailoverAnswer, FailoverTraffic, succeeded } from '../support/e2e/failover-traffic';
import type { Row } from '../support/e2e/figures';
import { loopback, useLoopbackProvider } from '../support/e2e/loopback-models';
import { createTenant } from '../support/e2e/tenants';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';
import { reportProof } from './proof-report';

const outageSeconds = Number(process.env['SIGNALBOX_PROVE_OUTAGE_SECONDS'] ?? 300);
const keyCount = 20;
const clients = 8;
const away = ['worker', 'api', 'redis', 'postgres'] as const;

/** PostgreSQL, Redis, API and worker are killed and stay away; the edge is restarted meanwhile. Known keys must not notice. */
describe('everything but the edge and LiteLLM is down', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let edge: ExtraEdge;
  let chat: ChatClient;
  let keys: CreatedKey[];
  const rows: Row[] = [];

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    const { workspaceId } = await createTenant(stack, 'everything-down');
    edge = await ExtraEdge.start(stack, { SIGNALBOX_EDGE_WORKERS: '2' });
    chat = new ChatClient(edge.url);
    keys = await Promise.all(Array.from({ length: keyCount }, () => stack.api.createKey(workspaceId)));
    // Known: used once, and so in the edge's memory and soon in its snapshot.
    for (const { key } of keys) await chat.expectAnswer({ key, model: loopback.chat });
    await delay(6_000);
  });
  afterAll(async () => {
    reportProof('PostgreSQL, Redis, API and worker away', rows, 'failover');
    await chat.close();
    await edge.close();
    await provider.close();
    await stack.close();
  });

  it(`${outageSeconds} s, with a restart of the edge: no request of a known key fails, and each is booked once`, async () => {
    const values = keys.map(({ key }) => key);
    const startTraffic = () =>
      new FailoverTraffic({ chats: [chat], keys: values, model: loopback.chat, clients });
    const answers: FailoverAnswer[] = [];
    const startedAtMs = performance.now();
    let readiness = '';
    await stack.processes.withoutRestarts(async () => {
      for (const name of away) await stack.processes.kill(name);
      const first = startTraffic();
      await delay((outageSeconds * 1_000) / 3);
      // New processes take over the port; nobody is cut off.
      process.kill(edge.pid, 'SIGHUP');
      await delay((outageSeconds * 1_000) / 3);
      answers.push(...(await first.stop()));
      // And once more as a machine would do it: gone, and started anew from what is on disk.
      await edge.restart();
      readiness = await (await fetch(`${edge.url}/health/readiness`)).text();
      const second = startTraffic();
      await delay((outageSeconds * 1_000) / 3);
      answers.push(...(await second.stop()));
    });
    const downMs = Math.round(performance.now() - startedAtMs);
    await stack.processes.waitUntilReady('worker');
    const ids = succeeded(answers).map(({ headers }) => headers['x-request-id'] ?? '');
    const bookedMs = await booked(ids);
    const failures = answers.filter(({ problem }) => problem !== null);
    rows.push({
      down_ms: downMs,
      answered: ids.length,
      failed: failures.length,
      all_events_booked_after_ms: bookedMs,
    });
    expect(countBy(failures, ({ status, code, problem }) => `${status} ${code} ${problem}`)).toEqual({});
    expect(readiness).toContain('degraded');
    expect(readiness).toMatch(/snapshot/i);
  });

  /** Each request has its row; that there is only one, the primary key says. @returns after how long */
  async function booked(ids: readonly string[]): Promise<number> {
    const startedAtMs = performance.now();
    expect(new Set(ids).size).toBe(ids.length);
    await waitUntil(
      async () => {
        const [row] = await stack.stores.query<{ count: string }>(
          'SELECT count(*) FROM usage_events WHERE request_id = ANY($1)',
          [ids],
        );
        if (Number(row?.count) === ids.length) return true;
        throw new Error(`${row?.count} of ${ids.length}`);
      },
      { deadlineMs: 180_000, what: 'the usage event of every request' },
    );
    return Math.round(performance.now() - startedAtMs);
  }
});
