import { decodeDecision, rankCandidates, routingPolicy, scoringRulesOf } from '@signalbox/gateway';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';
import type { CreatedKey } from '../support/e2e/admin-api';
import { loopback, type ModelView, useLoopbackProvider } from '../support/e2e/loopback-models';
import { createTenant, type Tenant } from '../support/e2e/tenants';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';

/** Two models: one on a server of the operator's own, which costs nothing, and a dear and good one. */
const cheap = loopback.chat;
const good = loopback.anthropic;

describe('an app that asks port 4000 for a power level', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let tenant: Tenant;
  let key: CreatedKey;

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    tenant = await createTenant(stack, 'power levels');
    key = await stack.api.createKey(tenant.workspaceId);
    const { data } = await stack.api.get<{ data: ModelView[] }>('/llm/models?limit=200');
    const model = data.find(({ name }) => name === good)!;
    const prices = { input: '0.00001', output: '0.00001' };
    await stack.api.patch(`/llm/models/${model.id}`, { facts: { prices, quality: 1, local: false } });
    const models = [cheap, good];
    await setPolicy({
      levels: { eco: { models }, balanced: { models }, precision: { models } },
      exploration: 0,
    });
    await waitUntil(async () => (await modelFor('precision')) === good && (await modelFor('eco')) === cheap, {
      deadlineMs: 20_000,
      what: 'policy and facts to be known at the edge',
    });
  });
  afterAll(async () => {
    await provider.close();
    await stack.close();
  });

  const setPolicy = (body: object): Promise<unknown> =>
    stack.api.request('PUT', `/workspaces/${tenant.workspaceId}/routing`, { body });

  async function modelFor(asked: string): Promise<string | undefined> {
    const { headers } = await stack.chat.send({ key: key.key, model: asked });
    return headers['x-signalbox-model'];
  }

  it.each([
    ['eco', cheap, 'eco'],
    ['precision', good, 'precision'],
    ['smart', good, 'precision'],
    ['cheap', cheap, 'eco'],
  ])('%s: gets %s, plain and streamed', async (asked, model, level) => {
    for (const isStreamed of [false, true]) {
      const { headers } = await stack.chat.expectAnswer({ key: key.key, model: asked, isStreamed });
      expect(headers).toMatchObject({
        'x-signalbox-model': model,
        'x-signalbox-power-level': level,
        'x-signalbox-attempts': '1',
      });
    }
  });

  it('balanced and auto get one of them, a plain name itself', async () => {
    for (const asked of ['balanced', 'auto'])
      expect([cheap, good]).toContain(
        (await stack.chat.expectAnswer({ key: key.key, model: asked })).headers['x-signalbox-model'],
      );
    const { headers } = await stack.chat.expectAnswer({ key: key.key, model: good });
    expect(headers['x-signalbox-model']).toBe(good);
    expect(headers).not.toHaveProperty('x-signalbox-power-level');
  });

  it('gets the other vendor when its first choice fails; the event tells level, cost and decision', async () => {
    provider.misbehave(
      { kind: 'error', status: 500 },
      { when: ({ path }) => path.includes('messages'), times: 1 },
    );
    const { headers } = await stack.chat.expectAnswer({ key: key.key, model: 'precision' });
    expect(headers).toMatchObject({
      'x-signalbox-model': cheap,
      'x-signalbox-attempts': '2',
      'x-signalbox-fallback': 'provider_error',
      'x-signalbox-cross-vendor': 'true',
    });
    const second = await stack.chat.expectAnswer({ key: key.key, model: 'smart' });
    const [failedOver, paid] = await Promise.all([headers, second.headers].map(eventOf));
    expect(failedOver).toMatchObject({ power_level: 'precision', model_used: cheap, cost_nano_usd: '0' });
    expect(paid).toMatchObject({ power_level: 'precision', model_used: good });
    const tokens = Number(paid!['prompt_tokens']) + Number(paid!['completion_tokens']);
    expect(Number(paid!['cost_nano_usd'])).toBe(tokens * 10_000);
    expect(paid!['prices']).toMatchObject({ input: 10_000_000, output: 10_000_000 });
    const decision = decodeDecision(paid!['decision'])!;
    const rules = scoringRulesOf(routingPolicy.parse({}), { kind: 'group', group: 'smart' });
    const [first] = rankCandidates({ ...decision.input, rules }).ranked;
    expect(first?.candidate.model).toBe(good);
    expect(first?.candidate.deployment.id).toBe(decision.chosenDeploymentId);
  });

  const eventOf = (headers: Record<string, string>): Promise<Record<string, unknown>> =>
    waitUntil(
      async () => {
        const sql = 'SELECT * FROM usage_events WHERE request_id = $1';
        const found = await stack.stores.query<Record<string, unknown>>(sql, [headers['x-request-id']]);
        return found[0] ?? null;
      },
      { deadlineMs: 20_000, what: 'the usage event' },
    );

  it('has auto classified by a cheap model, with a line of its own in the event', async () => {
    await setPolicy({
      levels: { eco: { models: [cheap] }, balanced: { models: [cheap] }, precision: { models: [cheap] } },
      classification: 'model',
    });
    const prompt = 'Compare these two proposals, please.';
    const attempts = await waitUntil(
      async () => {
        const answer = await stack.chat.expectAnswer({ key: key.key, model: 'auto', prompt });
        const event = await eventOf(answer.headers);
        const lines = event['attempts'] as Record<string, unknown>[];
        return lines.length === 2 ? lines : null;
      },
      { deadlineMs: 20_000, what: 'a classification' },
    );
    expect(attempts[1]).toMatchObject({
      purpose: 'classification',
      model: cheap,
      status: 200,
      failure: null,
      cost_nano_usd: 0,
    });
  });

  it('is told which rule leaves nobody', async () => {
    await setPolicy({ regions: ['eu'] });
    const refused = await waitUntil(
      async () => {
        const answer = await stack.chat.send({ key: key.key, model: 'eco' });
        return answer.status === 403 ? answer : null;
      },
      { deadlineMs: 10_000, what: 'the policy to be in force' },
    );
    expect(refused.code).toBe('no_candidate_left');
  });
});
