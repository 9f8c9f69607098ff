import { distributionOf, type Row } from '../support/e2e/figures';
import {
  createModel,
  loopback,
  loopbackProviderId,
  useLoopbackProvider,
} from '../support/e2e/loopback-models';
import {
  activeRelease,
  apply,
  applyUnstartable,
  rollBackTo,
  type AppliedRelease,
} from '../support/e2e/releases';
import { createTenant } from '../support/e2e/tenants';
import { Traffic } from '../support/e2e/traffic';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';
import { settle } from './invariants';
import { reportProof } from './proof-report';

const clients = 20;
const rounds = 3;

/** 20 clients send plain and streamed chats, without a retry, throughout every kind of release; every answer is complete. */
describe('zero dropped requests over releases', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let key: string;
  const rows: Row[] = [];
  const servingMs: number[] = [];

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    const tenant = await createTenant(stack, 'zero dropped');
    ({ key } = await stack.api.createKey(tenant.workspaceId));
  });
  afterAll(async () => {
    reportProof(`zero dropped requests, ${clients} clients`, rows);
    reportProof('time from apply to serving', [{ ...distributionOf(servingMs) }]);
    await provider.close();
    await stack.close();
  });

  async function underTraffic(
    what: string,
    round: number,
    work: () => Promise<AppliedRelease>,
  ): Promise<AppliedRelease> {
    const traffic = new Traffic({ chat: stack.chat, key, model: loopback.chat, clients });
    const applied = await work().catch(async (error: unknown) => {
      await traffic.stop();
      throw error;
    });
    const { plainCount, streamedCount, failures, ms } = await traffic.stop();
    const { p50_ms: p50, p99_ms: p99, max_ms: max } = distributionOf(ms);
    rows.push({
      what,
      round,
      outcome: applied.release.status,
      release_ms: Math.round(applied.ms),
      plain: plainCount,
      streamed: streamedCount,
      dropped: failures.length,
      chat_p50_ms: p50,
      chat_p99_ms: p99,
      chat_max_ms: max,
    });
    expect(failures).toEqual([]);
    expect(plainCount + streamedCount).toBeGreaterThan(clients);
    return applied;
  }

  it.each(Array.from({ length: rounds }, (_, index) => index + 1))('round %i', async (round) => {
    const before = await activeRelease(stack);
    const providerId = await loopbackProviderId(stack);
    const name = `round-${round}`;
    const model = await createModel(stack, name, 'chat', providerId, name);

    const applied = await underTraffic('apply', round, async () => {
      const startedAtMs = performance.now();
      const result = await apply(stack);
      await waitUntil(async () => (await stack.chat.send({ key, model: name })).problem === null, {
        deadlineMs: 20_000,
        what: 'the new model to be served',
        pollEveryMs: 10,
      });
      servingMs.push(performance.now() - startedAtMs);
      return result;
    });
    expect(applied.release.status).toBe('active');

    const vendor = await stack.api.post<{ id: string }>('/llm/providers', {
      name: `unknown ${round}`,
      kind: 'litellm',
    });
    const broken = await createModel(stack, `broken-${round}`, 'chat', vendor.id, 'nosuchvendor/model');
    const mismatched = await underTraffic('failed apply: ids do not match', round, () => apply(stack));
    expect(mismatched.release.status).toBe('failed');
    await stack.api.delete(`/llm/models/${broken.id}`);

    const unstartable = await underTraffic('failed apply: LiteLLM refuses', round, () =>
      applyUnstartable(stack),
    );
    expect(unstartable.release.status).toBe('failed');
    expect((await activeRelease(stack)).id).toBe(applied.release.id);

    const rolledBack = await underTraffic('rollback', round, () => rollBackTo(stack, before.id));
    expect(rolledBack.release.status).toBe('active');
    await stack.api.delete(`/llm/models/${model.id}`);
    await settle(stack, [key]);
  });
});
