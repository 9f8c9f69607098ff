import type { CreatedKey } from '../support/e2e/admin-api';
import { ExtraEdge } from '../support/e2e/extra-edge';
import { distributionOf, percentile, type Row } from '../support/e2e/figures';
import { createTenant, type Tenant } from '../support/e2e/tenants';
import type { E2eStack } from '../support/e2e-stack';
import { TcpProxy } from '../support/tcp-proxy';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';
import { reportProof } from './proof-report';

const revocations = Number(process.env['SIGNALBOX_PROVE_REVOCATIONS'] ?? 200);
const limitMs = 100;

interface Receipt {
  version: number;
  complete: boolean;
  edges: { id: string; applied_at: string; delay_ms: number }[];
  waiting_for: string[];
}

/** From the word "revoke" to the refusal at each of three edges. */
describe('revocation', () => {
  let stack: E2eStack;
  let tenant: Tenant;
  let edges: ExtraEdge[];
  const rows: Row[] = [];

  beforeAll(async () => {
    stack = useStack();
    tenant = await createTenant(stack, 'revocation');
    edges = [await ExtraEdge.start(stack), await ExtraEdge.start(stack)];
  });
  afterAll(async () => {
    reportProof('revocation over 3 edges', rows, 'failover');
    await Promise.all(edges.map((edge) => edge.close()));
    await stack.close();
  });

  const statusAt = async (url: string, { key }: CreatedKey): Promise<number> => {
    const response = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    await response.arrayBuffer();
    return response.status;
  };
  const until = (url: string, key: CreatedKey, status: number): Promise<boolean> =>
    waitUntil(async () => (await statusAt(url, key)) === status, {
      deadlineMs: 10_000,
      what: `status ${status} at ${url}`,
      // Often enough for the figure, and not so often that the questions take the processor from what they ask about.
      pollEveryMs: 4,
    });

  it('is known at every edge within 100 ms, and the answer names each of them', async () => {
    const urls = [stack.facts.edge_url, ...edges.map(({ url }) => url)];
    const delays: number[] = [];
    const receipts: Receipt[] = [];
    for (let count = 0; count < revocations; count += 1) {
      const key = await stack.api.createKey(tenant.workspaceId);
      await Promise.all(urls.map((url) => until(url, key, 200)));
      const sentAtMs = performance.now();
      const refused = urls.map(async (url) => {
        await until(url, key, 401);
        return performance.now() - sentAtMs;
      });
      const revoked = await stack.api.post<{ receipt: Receipt }>(`/keys/${key.id}/revoke`);
      receipts.push(revoked.receipt);
      delays.push(...(await Promise.all(refused)));
    }
    const applied = receipts.flatMap((receipt) => receipt.edges.map(({ delay_ms: ms }) => ms));
    rows.push(
      { what: 'sent, to the refusal at an edge', ...distributionOf(delays) },
      { what: "the receipt's own times", ...distributionOf(applied) },
    );
    // The stack's own edge has a process for each core; each is an edge of its own.
    expect(receipts.filter(({ complete, edges: named }) => !complete || named.length < 3)).toEqual([]);
    expect(percentile(delays, 0.99)).toBeLessThan(limitMs);
  });

  it('an edge that is cut off for longer than its bound refuses what it can no longer vouch for', async () => {
    const proxy = await TcpProxy.start(stack.facts.redis_url);
    const boundSeconds = 3;
    const edge = await ExtraEdge.start(stack, {
      REDIS_URL: proxy.url,
      SIGNALBOX_EDGE_OFFLINE_SECONDS: String(boundSeconds),
    });
    try {
      const key = await stack.api.createKey(tenant.workspaceId);
      await until(edge.url, key, 200);
      const cutAtMs = performance.now();
      proxy.sever();
      await stack.api.post(`/keys/${key.id}/revoke`);
      await until(edge.url, key, 503);
      const refusedAfterMs = performance.now() - cutAtMs;
      proxy.restore();
      await until(edge.url, key, 401);
      rows.push({
        what: `cut off, bound ${boundSeconds} s: refused after`,
        count: 1,
        p50_ms: refusedAfterMs,
      });
      expect(refusedAfterMs).toBeLessThan((boundSeconds + 2) * 1_000);
    } finally {
      await edge.close();
      await proxy.close();
    }
  });
});
