import { loopback, useLoopbackProvider } from '../support/e2e/loopback-models';
import type { Page } from '../support/e2e/admin-api';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';

interface RunView {
  id: string;
  state: string;
  problem: string | null;
  spent_usd: string;
  virtual_key_id: string | null;
  progress: Record<string, number>;
  results: { model: string; quality: { value: number } | null; failures: object; cost_usd: string }[];
}
interface ProposalView {
  model: string;
  score: number;
  state: string;
  benchmark_run_id: string;
}
interface EventView {
  model_requested: string;
  virtual_key_id: string;
  service_id: string | null;
  organization_id: string;
}

const models: string[] = [loopback.chat, loopback.keyedChat];

/** One dollar and two for a million tokens. */
const prices = { input: '0.000001', output: '0.000002' };

describe('a model benchmark', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    await stateFacts({ prices });
  });
  afterAll(async () => {
    await stateFacts({ prices: null });
    await provider.close();
    await stack.close();
  });

  async function stateFacts(facts: object): Promise<void> {
    const { data } = await stack.api.get<Page<{ id: string; name: string }>>('/llm/models?limit=200');
    for (const { id } of data.filter(({ name }) => models.includes(name)))
      await stack.api.patch(`/llm/models/${id}`, { facts });
  }

  it('asks two models through the edge and LiteLLM with a key of its own, and proposes what they are worth', async () => {
    const body = { models, suite: 'quick-1', max_cost_usd: '0.25' };
    const { id } = await stack.api.post<RunView>('/llm/benchmarks/runs', body);
    const run = await waitUntil(
      async () => {
        const now = await stack.api.get<RunView>(`/llm/benchmarks/runs/${id}`);
        return ['queued', 'running'].includes(now.state) ? null : now;
      },
      { deadlineMs: 60_000, what: 'the end of the run' },
    );
    expect([run.state, run.problem, run.progress]).toMatchObject([
      'completed',
      null,
      { done: 16, failed: 0 },
    ]);
    // The provider repeats what it is asked: that finds the needle (weight 1), and calls the right tool with wrong arguments (1/2).
    for (const { quality, cost_usd } of run.results) {
      expect(quality?.value).toBeCloseTo(1.5 / 9, 3);
      expect(Number(cost_usd)).toBeGreaterThan(0);
    }
    const proposals = await stack.api.get<Page<ProposalView>>('/llm/quality/proposals?state=proposed');
    const own = proposals.data.filter(({ benchmark_run_id }) => benchmark_run_id === id);
    expect(own.map(({ model, score }) => [model, score]).sort()).toEqual(
      models.map((name) => [name, 0.167]).sort(),
    );
    const inForce = JSON.stringify(await stack.api.get('/llm/quality'));
    for (const name of models) expect(inForce).not.toContain(`"${name}"`);

    const events = await waitUntil(
      async () => {
        const path = `/usage/events?virtual_key_id=${run.virtual_key_id}&limit=200`;
        const { data } = await stack.api.get<Page<EventView>>(path);
        return data.length === 16 ? data : null;
      },
      { deadlineMs: 20_000, what: 'the usage events of the run' },
    );
    const [{ service_id, organization_id } = { service_id: null, organization_id: '' }] = events;
    expect(await stack.api.get(`/services/${service_id}`)).toMatchObject({
      name: 'benchmark',
      organization_id,
    });
    expect(await stack.api.get(`/organizations/${organization_id}`)).toMatchObject({ name: 'Signalbox' });
    const key = await waitUntil(
      async () => {
        const now = await stack.api.getKey(run.virtual_key_id ?? '');
        return now.status === 'revoked' ? now : null;
      },
      { deadlineMs: 20_000, what: 'the end of the key' },
    );
    expect(key.models).toEqual(models);
  });
});
