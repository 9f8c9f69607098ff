import { distributionOf, type Row } from '../support/e2e/figures';
import { loopback, useLoopbackProvider } from '../support/e2e/loopback-models';
import { createTenant, type Tenant } from '../support/e2e/tenants';
import type { CreatedKey } from '../support/e2e/admin-api';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';
import { settle } from './invariants';
import { reportProof } from './proof-report';

const keyCount = 1_000;
const limitMs = 1_000;

/** How fast the admin API's word holds at the edge, with 1,000 keys there, one after the other and several at once. */
describe('create to first answer, revoke to refusal', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let tenant: Tenant;
  let keys: CreatedKey[] = [];
  const rows: Row[] = [];

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    tenant = await createTenant(stack, 'latency');
  });
  afterAll(async () => {
    reportProof(`create to first answer and revoke to refusal, ${keyCount} keys`, rows);
    await provider.close();
    await stack.close();
  });

  async function timed(work: () => Promise<unknown>): Promise<number> {
    const startedAtMs = performance.now();
    await work();
    return performance.now() - startedAtMs;
  }

  /** With so many workers; each takes the next item when it is done with one. */
  async function forEach<Item>(
    items: Item[],
    parallel: number,
    work: (item: Item) => Promise<void>,
  ): Promise<void> {
    const rest = items.values();
    await Promise.all(
      Array.from({ length: parallel }, async () => {
        for (const item of rest) await work(item);
      }),
    );
  }

  it('answers with a new key: p99 under a second', async () => {
    const ms: number[] = [];
    const createMs: number[] = [];
    await forEach(
      Array.from({ length: keyCount }, (_, index) => index),
      2,
      async (index) => {
        const elapsedMs = await timed(async () => {
          const startedAtMs = performance.now();
          const created = await stack.api.createKey(tenant.workspaceId, { key_alias: `latency ${index}` });
          createMs.push(performance.now() - startedAtMs);
          keys.push(created);
          await waitUntil(
            async () => (await stack.chat.send({ key: created.key, model: loopback.chat })).problem === null,
            {
              deadlineMs: 10_000,
              what: 'the first answer',
              pollEveryMs: 5,
            },
          );
        });
        ms.push(elapsedMs);
      },
    );
    const figures = distributionOf(ms);
    rows.push({ what: 'POST /keys alone, sent to answered', ...distributionOf(createMs) });
    rows.push({ what: 'POST /keys sent, to the first chat answered through LiteLLM', ...figures });
    expect(figures.p99_ms).toBeLessThan(limitMs);
  });

  it('refuses a revoked key: p99 under a second', async () => {
    const sentMs: number[] = [];
    const answeredMs: number[] = [];
    await forEach(keys, 2, async ({ id, key }) => {
      const startedAtMs = performance.now();
      await stack.api.revokeKey(id);
      const revokedAtMs = performance.now();
      await waitUntil(async () => (await statusOf(key)) === 401, {
        deadlineMs: 10_000,
        what: 'the refusal',
        pollEveryMs: 5,
      });
      sentMs.push(performance.now() - startedAtMs);
      answeredMs.push(performance.now() - revokedAtMs);
    });
    const figures = distributionOf(sentMs);
    rows.push({ what: 'POST /keys/{id}/revoke sent, to the first refusal', ...figures });
    rows.push({ what: 'its answer received, to the first refusal', ...distributionOf(answeredMs) });
    expect(figures.p99_ms).toBeLessThan(limitMs);
  });

  it('leaves PostgreSQL, Redis, LiteLLM and the edge agreed', async () => {
    const settledMs = await settle(
      stack,
      keys.slice(-100).map(({ key }) => key),
      300_000,
    );
    rows.push({ what: 'until the mirror had all of it', count: keyCount, max_ms: settledMs });
    expect(keys).toHaveLength(keyCount);
    keys = [];
  });

  async function statusOf(key: string): Promise<number> {
    const response = await fetch(`${stack.facts.edge_url}/v1/models`, {
      headers: { authorization: `Bearer ${key}` },
    });
    await response.arrayBuffer();
    return response.status;
  }
});
