import { setTimeout as delay } from 'node:timers/promises';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';
import { ChatClient } from '../support/e2e/chat-client';
import { ExtraEdge } from '../support/e2e/extra-edge';
import { countBy, FailoverTraffic } from '../support/e2e/failover-traffic';
import type { Row } from '../support/e2e/figures';
import { loopback, useLoopbackProvider } from '../support/e2e/loopback-models';
import { createTenant, type Tenant } from '../support/e2e/tenants';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';
import { reportProof } from './proof-report';

const clients = 200;
const minutes = Number(process.env['SIGNALBOX_PROVE_LIMIT_MINUTES'] ?? 3);
const minuteMs = 60_000;

/** Three edges, 200 clients that take all they can get: never more than the limit in any minute, and nearly all of it. */
describe('limits over 3 edges', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let tenant: Tenant;
  let edges: ExtraEdge[];
  let chats: ChatClient[];
  const rows: Row[] = [];

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    tenant = await createTenant(stack, 'limits');
    edges = [await ExtraEdge.start(stack), await ExtraEdge.start(stack)];
    chats = [stack.chat, ...edges.map(({ url }) => new ChatClient(url))];
  });
  afterAll(async () => {
    reportProof('limits over 3 edges', rows, 'failover');
    await Promise.all([...edges.map((edge) => edge.close()), ...chats.map((chat) => chat.close())]);
    await provider.close();
    await stack.close();
  });

  /** When each admitted request began, as the edge that let it in wrote it down. */
  async function admittedTimes(keyId: string): Promise<number[]> {
    const found = await stack.stores.query<{ at_ms: string }>(
      `SELECT (extract(epoch FROM started_at) * 1000)::text AS at_ms FROM usage_events
       WHERE virtual_key_id = $1 AND status_code <> 429 ORDER BY started_at`,
      [keyId],
    );
    return found.map(({ at_ms: atMs }) => Number(atMs));
  }

  function mostInAnyMinute(times: readonly number[]): number {
    let from = 0;
    let most = 0;
    for (const [index, time] of times.entries()) {
      while (times[from]! <= time - minuteMs) from += 1;
      most = Math.max(most, index - from + 1);
    }
    return most;
  }

  /**
   * Part of what the limit allows, in the long run: from the first request of the first minute to the first one of the last. Whoever
   * takes all at once gets the limit's worth at the beginning of each window.
   */
  function usedPart(times: readonly number[], limit: number): number {
    const whole = Math.floor((times.length - 1) / limit) * limit;
    return whole / (limit * ((times[whole]! - times[0]!) / minuteMs));
  }

  it.each([60, 300])('%s requests a minute', async (limit) => {
    const key = await stack.api.createKey(tenant.workspaceId, { rpm_limit: limit });
    const traffic = new FailoverTraffic({ chats, keys: [key.key], model: loopback.chat, clients });
    const startedAtMs = performance.now();
    // A little more than whole minutes, so that the last one has begun.
    await delay(minutes * (minuteMs + 1_000) + 5_000);
    const answers = await traffic.stop();
    const ranMs = performance.now() - startedAtMs;
    const codes = countBy(answers, ({ code, problem }) => code ?? problem ?? 'answered');
    const admitted = codes['answered'] ?? 0;
    const times = await waitUntil(
      async () => {
        const found = await admittedTimes(key.id);
        return found.length === admitted ? found : null;
      },
      { deadlineMs: 60_000, what: 'the usage event of every request' },
    );
    const most = mostInAnyMinute(times);
    const used = usedPart(times, limit);
    rows.push({
      limit,
      minutes: ranMs / minuteMs,
      asked: answers.length,
      admitted,
      most_in_any_minute: most,
      used,
    });
    expect(Object.keys(codes).sort()).toEqual(['answered', 'request_limit_reached']);
    expect(most).toBeLessThanOrEqual(limit);
    expect(used).toBeGreaterThanOrEqual(0.97);
  });

  it('4 at the same time', async () => {
    const limit = 4;
    const key = await stack.api.createKey(tenant.workspaceId, { max_parallel_requests: limit });
    const traffic = new FailoverTraffic({ chats, keys: [key.key], model: loopback.chat, clients });
    await delay(15_000);
    const answers = await traffic.stop();
    // The calls themselves: an event's own times begin before the request is admitted, and end after its slot was given back.
    const spans = await stack.stores.query<{ from_ms: string; to_ms: string }>(
      `SELECT attempt->>'started_at_ms' AS from_ms,
              ((attempt->>'started_at_ms')::bigint + (attempt->>'duration_ms')::bigint)::text AS to_ms
       FROM usage_events, jsonb_array_elements(attempts) AS attempt WHERE virtual_key_id = $1`,
      [key.id],
    );
    const edgesInTime = spans
      .flatMap((span) => [
        { at: Number(span.from_ms), step: 1 },
        { at: Number(span.to_ms), step: -1 },
      ])
      .sort((left, right) => left.at - right.at || left.step - right.step);
    let running = 0;
    const most = Math.max(...edgesInTime.map(({ step }) => (running += step)));
    rows.push({ limit, asked: answers.length, admitted: spans.length, most_at_the_same_time: most });
    expect(most).toBeLessThanOrEqual(limit);
    expect(spans.length).toBeGreaterThan(20);
  });
});
