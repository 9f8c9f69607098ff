import type { OpenrouterStandIn } from '../stand-ins/openrouter.stand-in';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';
import type { CreatedKey } from '../support/e2e/admin-api';
import {
  countBy,
  failedBeforeFirstByte,
  type FailoverAnswer,
  FailoverTraffic,
  longestSilence,
  succeeded,
} from '../support/e2e/failover-traffic';
import type { Row } from '../support/e2e/figures';
import { loopback, useLoopbackProvider } from '../support/e2e/loopback-models';
import { useOpenrouter } from '../support/e2e/openrouter';
import { createTenant, type Tenant } from '../support/e2e/tenants';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';
import { reportProof } from './proof-report';

const clients = 50;
const rounds = Number(process.env['SIGNALBOX_PROVE_ROUNDS'] ?? 3);
const silenceLimitMs = 1_000;
const returnLimitMs = 5_000;

/** LiteLLM is killed under load, as it is and with `openrouter` as the only way around. Its clients must not notice. */
describe('LiteLLM killed under 50 clients', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let openrouter: OpenrouterStandIn;
  let tenant: Tenant;
  let key: CreatedKey;
  const rows: Row[] = [];

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    openrouter = await useOpenrouter(stack);
    tenant = await createTenant(stack, 'failover');
    key = await stack.api.createKey(tenant.workspaceId);
    await answered(key.key);
  });
  afterAll(async () => {
    reportProof('LiteLLM killed under 50 clients', rows, 'failover');
    await Promise.all([provider.close(), openrouter.close()]);
    await stack.close();
  });

  function answered(value: string, model: string = loopback.chat): Promise<unknown> {
    return waitUntil(async () => (await stack.chat.send({ key: value, model })).problem === null, {
      deadlineMs: 60_000,
      what: `an answer of ${model}`,
    });
  }

  async function setWays(ways: object): Promise<void> {
    await stack.api.request('PUT', `/workspaces/${tenant.workspaceId}/routing`, { body: ways });
  }

  /** @returns when the edge first saw LiteLLM again, after the kill */
  async function killUnderLoad(): Promise<{
    answers: FailoverAnswer[];
    killedAtMs: number;
    backAtMs: number;
  }> {
    const before = await stack.processes.runnerState();
    const chats = [stack.chat];
    const traffic = new FailoverTraffic({ chats, keys: [key.key], model: loopback.chat, clients });
    await waitUntil(() => succeeded(traffic.answers).length > 200, {
      deadlineMs: 60_000,
      what: '200 answers',
    });
    const killedAtMs = performance.now();
    await stack.processes.kill('litellm');
    const limits = await limitsMeanwhile();
    expect(limits).toEqual({ forbiddenModel: 403, secondOfOne: 429 });
    await waitUntil(
      async () => {
        const { active } = await stack.processes.runnerState();
        return active !== null && active.pid !== before.active?.pid;
      },
      { deadlineMs: 180_000, what: 'LiteLLM to be back', pollEveryMs: 50 },
    );
    const backAtMs = performance.now();
    await waitUntil(
      () =>
        succeeded(traffic.answers).some(
          ({ startedAtMs, route }) => startedAtMs > backAtMs && route === 'litellm',
        ),
      { deadlineMs: 30_000, what: 'an answer through LiteLLM again', pollEveryMs: 20 },
    );
    await waitUntil(() => performance.now() > backAtMs + 2 * returnLimitMs, {
      deadlineMs: 30_000,
      what: 'the end',
    });
    return { answers: await traffic.stop(), killedAtMs, backAtMs };
  }

  /** Neither the allowlist nor a limit is forgotten while LiteLLM is away. */
  async function limitsMeanwhile(): Promise<{ forbiddenModel: number; secondOfOne: number }> {
    const narrow = await stack.api.createKey(tenant.workspaceId, { models: [loopback.embedding] });
    const single = await stack.api.createKey(tenant.workspaceId, { rpm_limit: 1 });
    await answered(single.key);
    const { status: secondOfOne } = await stack.chat.send({ key: single.key, model: loopback.chat });
    const { status: forbiddenModel } = await stack.chat.send({ key: narrow.key, model: loopback.chat });
    return { forbiddenModel, secondOfOne };
  }

  it.each([
    ['straight to the provider', 'direct', { openrouter_fallback: 'off' }],
    ["through OpenRouter, on the platform's key", 'openrouter', { direct_fallback: false }],
  ] as const)('%s', async (what, route, ways) => {
    await setWays(ways);
    for (let round = 0; round < rounds; round += 1) {
      const { answers, killedAtMs, backAtMs } = await killUnderLoad();
      const early = failedBeforeFirstByte(answers);
      const around = succeeded(answers).filter((one) => one.route !== 'litellm');
      const untagged = around.filter(
        ({ fallback, headers }) => !fallback || !headers['x-signalbox-provider'],
      );
      const lastAround = Math.max(...around.map(({ startedAtMs }) => startedAtMs));
      // What LiteLLM takes for its first answers to 50 clients at once, before anything happens to it, is its own affair.
      const silence = longestSilence(answers.filter(({ endedAtMs }) => endedAtMs > killedAtMs - 1_000));
      const row = {
        what,
        answered: succeeded(answers).length,
        failed_before_first_byte: early.length,
        cut_after_first_byte: answers.filter(({ problem, status }) => problem !== null && status === 200)
          .length,
        around_litellm: around.length,
        untagged: untagged.length,
        longest_silence_ms: Math.round(silence.ms),
        silence_began_after_kill_ms: Math.round(silence.fromMs - killedAtMs),
        litellm_away_ms: Math.round(backAtMs - killedAtMs),
        last_fallback_after_return_ms: Math.round(lastAround - backAtMs),
      };
      rows.push(row);
      expect(countBy(early, ({ status, code, problem }) => `${status} ${code} ${problem}`)).toEqual({});
      expect(untagged).toEqual([]);
      expect(countBy(around, (one) => String(one.route))).toEqual({ [route]: around.length });
      expect(row.longest_silence_ms).toBeLessThan(silenceLimitMs);
      expect(row.last_fallback_after_return_ms).toBeLessThan(returnLimitMs);
    }
  });
});
