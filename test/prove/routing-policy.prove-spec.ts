import type { ProviderStandIn } from '../stand-ins/provider.stand-in';
import type { CreatedKey } from '../support/e2e/admin-api';
import { ExtraEdge } from '../support/e2e/extra-edge';
import { distributionOf, percentile, type Row } from '../support/e2e/figures';
import { loopback, useLoopbackProvider } from '../support/e2e/loopback-models';
import { createTenant, type Tenant } from '../support/e2e/tenants';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';
import { reportProof } from './proof-report';

const changes = Number(process.env['SIGNALBOX_PROVE_POLICY_CHANGES'] ?? 100);
const callsChanged = Number(process.env['SIGNALBOX_PROVE_POLICY_CALLS'] ?? 30);
const limitMs = 1_000;

interface Outcome {
  version: number;
  effective: { aliases: Record<string, string> };
}
interface ExplainedAttempts {
  attempts: { model: string }[];
}

/** From the word "change" to its effect at each of three edges. */
describe('a routing policy', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let tenant: Tenant;
  let key: CreatedKey;
  let edges: ExtraEdge[];
  let urls: string[];
  const rows: Row[] = [];

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    tenant = await createTenant(stack, 'routing policy');
    key = await stack.api.createKey(tenant.workspaceId);
    edges = [await ExtraEdge.start(stack), await ExtraEdge.start(stack)];
    urls = [stack.facts.edge_url, ...edges.map(({ url }) => url)];
  });
  afterAll(async () => {
    await put('', {});
    reportProof('routing policies over 3 edges', rows, 'routing');
    await Promise.all(edges.map((edge) => edge.close()));
    await provider.close();
    await stack.close();
  });

  async function put(query: string, rules: object): Promise<Outcome> {
    const answer = await stack.api.request('PUT', `/llm/routing/rules?${query}`, { body: { rules } });
    if (answer.status !== 200) throw new Error(`PUT rules: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as Outcome;
  }

  const statusOf = async (url: string, name: string): Promise<number> => {
    const response = await fetch(`${url}/v1/models/${name}`, {
      headers: { authorization: `Bearer ${key.key}` },
    });
    await response.arrayBuffer();
    return response.status;
  };

  /** The name of the model that answers for `mine`; null: nobody did. */
  const answererAt = async (url: string): Promise<string | null> => {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'mine', messages: [{ role: 'user', content: 'hello' }], max_tokens: 5 }),
    });
    await response.arrayBuffer();
    return response.ok ? response.headers.get('x-signalbox-model') : null;
  };

  /** Often enough for the figure, and not so often that the questions take the processor from what they ask about. */
  const until = (what: string, isSo: () => Promise<boolean>): Promise<boolean> =>
    waitUntil(isSo, { deadlineMs: 10_000, what, pollEveryMs: 4 });

  it.each([
    ['platform', () => ''],
    ['organization', () => `organization_id=${tenant.organizationId}`],
    ['workspace', () => `workspace_id=${tenant.workspaceId}`],
  ])('of the %s is in force at every edge within a second of the question', async (level, queryOf) => {
    const query = queryOf();
    const delays: number[] = [];
    const answers: number[] = [];
    for (let count = 0; count < changes; count += 1) {
      const name = `${level}-${count}`;
      const sentAtMs = performance.now();
      const inForce = urls.map(async (url) => {
        await until(`${name} at ${url}`, async () => (await statusOf(url, name)) === 200);
        return performance.now() - sentAtMs;
      });
      const { effective } = await put(query, { aliases: { [name]: loopback.chat } });
      answers.push(performance.now() - sentAtMs);
      expect(effective.aliases).toEqual({ [name]: loopback.chat });
      delays.push(...(await Promise.all(inForce)));
    }
    await put(query, {});
    rows.push(
      { what: `${level}: sent, to the effect at an edge`, ...distributionOf(delays) },
      { what: `${level}: sent, to the answer of the API`, ...distributionOf(answers) },
    );
    expect(delays).toHaveLength(changes * 3);
    expect(percentile(delays, 0.99)).toBeLessThan(limitMs);
  });

  it('decides who answers the next call, and what is explained says so as soon', async () => {
    const query = `workspace_id=${tenant.workspaceId}`;
    const groups = (model: string): object => ({ groups: { mine: { models: [model] } }, attempt_limit: 1 });
    const pair = [loopback.chat, loopback.keyedChat];
    await put(query, groups(pair[0]!));
    const lastOfOld: number[] = [];
    const firstOfNew: number[] = [];
    for (let count = 1; count <= callsChanged; count += 1) {
      const model = pair[count % 2]!;
      const sentAtMs = performance.now();
      const answered = urls.map(async (url) => {
        let [begunMs, oldBegunMs] = [0, 0];
        await until(`${model} at ${url}`, async () => {
          oldBegunMs = begunMs;
          begunMs = performance.now() - sentAtMs;
          return (await answererAt(url)) === model;
        });
        return { oldBegunMs, begunMs };
      });
      await put(query, groups(model));
      const explained = await stack.api.post<ExplainedAttempts>('/llm/routing/explain', {
        key_id: key.id,
        request: { model: 'mine', messages: [] },
      });
      expect(explained.attempts.map((one) => one.model)).toEqual([model]);
      for (const { oldBegunMs, begunMs } of await Promise.all(answered)) {
        lastOfOld.push(oldBegunMs);
        firstOfNew.push(begunMs);
      }
    }
    // Calls come one after the other, each as long as it takes: the effect lies between these two.
    rows.push(
      {
        what: 'a group: sent, to the last call that began and went the old way',
        ...distributionOf(lastOfOld),
      },
      {
        what: 'a group: sent, to the first call that began and went the new way',
        ...distributionOf(firstOfNew),
      },
    );
    expect(percentile(lastOfOld, 0.99)).toBeLessThan(limitMs);
  });
});
