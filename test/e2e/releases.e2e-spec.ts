import { randomBytes } from 'node:crypto';
import type { ReleaseView } from '../support/e2e/admin-api';
import { printTable } from '../support/e2e/figures';
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
  applyWhatIsLeft,
  rollBackTo,
  waitForOutcome,
} from '../support/e2e/releases';
import { createTenant } from '../support/e2e/tenants';
import { Traffic, type TrafficReport } from '../support/e2e/traffic';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';

const clients = 20;
/** Names of their own, so that the file may run twice on one stack. */
const run = randomBytes(3).toString('hex');
const releasedName = `released-${run}`;

describe('config releases', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let key: string;
  let before: ReleaseView;
  let applied: ReleaseView;
  /** To be taken out of the catalogue in the end. */
  const modelIds: string[] = [];

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    const tenant = await createTenant(stack, 'releases');
    ({ key } = await stack.api.createKey(tenant.workspaceId));
    await applyWhatIsLeft(stack);
    before = await activeRelease(stack);
  });
  afterAll(async () => {
    for (const id of modelIds) await stack.api.delete(`/llm/models/${id}`);
    await provider.close();
    await stack.close();
  });

  async function underTraffic<Result>(title: string, work: () => Promise<Result>): Promise<Result> {
    const traffic = new Traffic({ chat: stack.chat, key, model: loopback.chat, clients });
    const startedAtMs = performance.now();
    const result = await work().catch(async (error: unknown) => {
      await traffic.stop();
      throw error;
    });
    const report = await traffic.stop();
    print(title, performance.now() - startedAtMs, report);
    expectNoneDropped(report);
    return result;
  }

  function expectNoneDropped(report: TrafficReport): void {
    expect(report.failures).toEqual([]);
    expect(report.plainCount).toBeGreaterThan(clients);
    expect(report.streamedCount).toBeGreaterThan(clients);
  }

  function print(title: string, ms: number, report: TrafficReport): void {
    const { plainCount, streamedCount, failures } = report;
    printTable(`${title}: ${clients} clients throughout`, [
      {
        seconds: Math.round(ms / 100) / 10,
        plain: plainCount,
        streamed: streamedCount,
        dropped: failures.length,
      },
    ]);
  }

  it('plans what would change, and says when nothing would', async () => {
    const unchanged = await stack.api.post<{ changed: boolean }>('/config/plan');
    expect(unchanged.changed).toBe(false);
    const again = await stack.api.request('POST', '/config/releases', { body: {} });
    expect([again.status, again.body]).toEqual([409, expect.objectContaining({ code: 'config_unchanged' })]);
    const model = await createModel(
      stack,
      `planned-${run}`,
      'chat',
      await loopbackProviderId(stack),
      'planned-upstream',
    );
    const plan = await stack.api.post<{ changed: boolean }>('/config/plan');
    expect(plan.changed).toBe(true);
    expect(JSON.stringify(plan)).toContain('planned-upstream');
    await stack.api.delete(`/llm/models/${model.id}`);
  });

  it('applies a release with no request dropped, and serves it', async () => {
    const model = await createModel(
      stack,
      releasedName,
      'chat',
      await loopbackProviderId(stack),
      'released-upstream',
    );
    modelIds.push(model.id);
    await underTraffic('apply', async () => {
      const startedAtMs = performance.now();
      const { release, ms } = await apply(stack);
      expect(release.status).toBe('active');
      applied = release;
      await waitUntil(async () => (await stack.chat.send({ key, model: releasedName })).problem === null, {
        deadlineMs: 10_000,
        what: 'the new model to be served',
      });
      const servingMs = Math.round(performance.now() - startedAtMs);
      printTable('time from apply to serving', [{ active_ms: Math.round(ms), serving_ms: servingMs }]);
    });
    expect(await stack.litellm.deploymentIds()).toEqual([...applied.deployment_ids].sort());
  });

  it('lets one release be applied at a time', async () => {
    const first = await stack.api.request('POST', `/config/releases/${before.id}/rollback`);
    const second = await stack.api.request('POST', '/config/releases', { body: {} });
    expect([second.status, second.body]).toEqual([
      409,
      expect.objectContaining({ code: 'config_release_in_progress' }),
    ]);
    const outcome = await waitForOutcome(stack, (first.body as ReleaseView).id);
    expect(outcome.status).toBe('active');
    expect((await stack.chat.send({ key, model: releasedName })).problem).not.toBeNull();
  });

  it('takes back by itself a release whose deployments LiteLLM does not show, with no request dropped', async () => {
    const running = await activeRelease(stack);
    const unknown = await stack.api.post<{ id: string }>('/llm/providers', {
      name: `unknown vendor ${run}`,
      kind: 'litellm',
    });
    const model = await createModel(stack, `dropped-${run}`, 'chat', unknown.id, 'nosuchvendor/model');
    modelIds.push(model.id);
    await underTraffic('failed apply (ids do not match)', async () => {
      const { release } = await apply(stack);
      expect(release.status).toBe('failed');
      expect(release.failure).toMatch(/missing dep_/);
    });
    expect((await activeRelease(stack)).id).toBe(running.id);
    await stack.api.patch(`/llm/models/${model.id}`, { enabled: false });
  });

  it('takes back by itself a release with which LiteLLM does not start, with no request dropped', async () => {
    const running = await activeRelease(stack);
    await underTraffic('failed apply (LiteLLM refuses)', async () => {
      const { release: outcome } = await applyUnstartable(stack);
      expect(outcome.status).toBe('failed');
      expect(outcome.failure).toBeTruthy();
    });
    expect((await activeRelease(stack)).id).toBe(running.id);
  });

  it('rolls back with no request dropped', async () => {
    const running = await activeRelease(stack);
    await underTraffic('rollback', async () => {
      const { release } = await rollBackTo(stack, applied.id);
      expect(release).toMatchObject({ status: 'active', rollback_of_id: applied.id });
      expect(release.number).toBeGreaterThan(running.number);
    });
    await stack.chat.expectAnswer({ key, model: releasedName });
  });

  it('keeps every release with its YAML, its outcome and who made it', async () => {
    const { data } = await stack.api.get<{ data: ReleaseView[] }>('/config/releases?limit=200');
    expect(data.filter(({ status }) => status === 'active')).toHaveLength(1);
    expect(data.filter(({ status }) => status === 'failed').length).toBeGreaterThanOrEqual(2);
    const shown = await stack.api.get<Record<string, unknown>>(`/config/releases/${before.id}`);
    expect(shown['config_yaml']).toContain('model_list');
    expect(shown['created_by']).toBeTruthy();
  });
});
