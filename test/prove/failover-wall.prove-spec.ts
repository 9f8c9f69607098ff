import { FaultyProviderStandIn, providerFaults } from '../stand-ins/faulty-provider.stand-in';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';
import type { CreatedKey } from '../support/e2e/admin-api';
import type { ChatOutcome } from '../support/e2e/chat-client';
import type { Row } from '../support/e2e/figures';
import { withoutLitellm } from '../support/e2e/litellm-away';
import { loopbackProviderId, useLoopbackProvider } from '../support/e2e/loopback-models';
import { freePort } from '../support/e2e/plain-litellm';
import { applySuccessfully } from '../support/e2e/releases';
import { createTenant } from '../support/e2e/tenants';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { reportProof } from './proof-report';

const attemptLimit = 3;
const firstByteMs = 3_000;
const totalMs = 12_000;
/** The time that a machine under load may take beside. */
const marginMs = 4_000;
const faults = ['refuse', ...providerFaults] as const;

/** Every way in which a provider can fail, plain and streamed, with a second provider behind it and without one. */
describe('the wall of faults', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let faulty: FaultyProviderStandIn;
  let key: CreatedKey;
  const rows: Row[] = [];

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    faulty = await FaultyProviderStandIn.start();
    const { workspaceId } = await createTenant(stack, 'wall');
    await stack.api.request('PUT', `/workspaces/${workspaceId}/routing`, {
      body: { attempt_limit: attemptLimit, first_byte_timeout_ms: firstByteMs, total_timeout_ms: totalMs },
    });
    key = await stack.api.createKey(workspaceId);
    await createModels();
    await applySuccessfully(stack, { note: 'the wall of faults' });
  });
  afterAll(async () => {
    reportProof('the wall of faults', rows, 'failover');
    await Promise.all([provider.close(), faulty.close()]);
    await stack.close();
  });

  async function createModels(): Promise<void> {
    const goodId = await loopbackProviderId(stack);
    const bad = await stack.api.post<{ id: string }>('/llm/providers', {
      name: 'faulty',
      kind: 'openai_compatible',
      base_url: faulty.baseUrlOf('reset'),
    });
    const refusing = `http://127.0.0.1:${await freePort()}/v1`;
    for (const fault of faults) {
      const baseUrl = fault === 'refuse' ? refusing : faulty.baseUrlOf(fault);
      const failing = {
        provider_id: bad.id,
        upstream_model: 'gpt-4o-mini',
        base_url: baseUrl,
        litellm_params: { order: 1 },
      };
      const good = { provider_id: goodId, upstream_model: 'gpt-4o-mini', litellm_params: { order: 2 } };
      await stack.api.post('/llm/models', { name: `wall-${fault}`, deployments: [failing, good] });
      await stack.api.post('/llm/models', { name: `alone-${fault}`, deployments: [failing] });
    }
  }

  function check(what: string, model: string, isStreamed: boolean, outcome: ChatOutcome): void {
    const attempts = Number(outcome.headers['x-signalbox-attempts'] ?? 0);
    rows.push({
      what,
      model,
      streamed: isStreamed,
      status: outcome.status,
      code: outcome.code,
      answered: outcome.problem === null,
      attempts,
      fallback: outcome.headers['x-signalbox-fallback'] ?? null,
      ms: Math.round(outcome.ms),
    });
    expect(attempts).toBeLessThanOrEqual(attemptLimit);
    expect(outcome.ms).toBeLessThan(totalMs + marginMs);
  }

  /** After the first byte nothing can be mended: what is left is to say so. */
  const isCutLater = (fault: string): boolean => fault === 'hang-mid-stream' || fault === 'cut-stream';

  async function climb(what: string): Promise<void> {
    for (const fault of faults) {
      for (const isStreamed of [false, true]) {
        const one = { key: key.key, isStreamed, timeoutMs: 60_000 };
        const second = await stack.chat.send({ ...one, model: `wall-${fault}` });
        check(what, `wall-${fault}`, isStreamed, second);
        const mayBeCut = isStreamed && isCutLater(fault);
        // Complete, or an error that says that it is not: never a torn answer that looks whole.
        if (second.problem !== null) {
          expect({ fault, mayBeCut, problem: second.problem }).toMatchObject({
            mayBeCut: true,
            problem: expect.stringMatching(/error event/) as unknown,
          });
        }
        const alone = await stack.chat.send({ ...one, model: `alone-${fault}` });
        check(what, `alone-${fault}`, isStreamed, alone);
        expect({ fault, problem: alone.problem }).not.toEqual({ fault, problem: null });
        if (alone.status === 200) expect(alone.problem).toMatch(/error event/);
        else expect(alone.headers['x-should-retry'] ?? alone.headers['retry-after']).toBeDefined();
      }
    }
  }

  it('through LiteLLM', () => climb('litellm'));

  it('straight to the providers, while LiteLLM is down', async () => {
    const bringBack = await withoutLitellm(stack);
    try {
      await climb('direct');
    } finally {
      await bringBack();
    }
  });
});
