import { hashVirtualKeyValue } from '@signalbox/gateway';
import { loopback, useLoopbackProvider } from '../support/e2e/loopback-models';
import { activeRelease, applySuccessfully, applyWhatIsLeft } from '../support/e2e/releases';
import { createTenant, type Tenant } from '../support/e2e/tenants';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';

interface DriftView {
  models: { state: string; repair: string; unexpected_deployment_ids: string[] } | null;
  keys: { keys: Record<string, number> } | null;
}

/** Somebody changes LiteLLM, Redis or PostgreSQL behind our back; the loops find it and put it right. */
describe('drift', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let tenant: Tenant;
  const repairMs = 60_000;

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    tenant = await createTenant(stack, 'drift');
    await applyWhatIsLeft(stack);
  });
  afterAll(async () => {
    await provider.close();
    await stack.close();
  });

  const check = (): Promise<DriftView> => stack.api.post('/config/drift/check');
  const mirrored = (hash: string, holds: (info: Record<string, unknown>) => boolean = () => true) =>
    waitUntil(
      async () => {
        const info = await stack.litellm.keyInfo(hash);
        return info !== null && holds(info);
      },
      { deadlineMs: repairMs, what: `key ${hash} in LiteLLM as it should be`, pollEveryMs: 200 },
    );
  const createMirrored = async (more: object = {}): Promise<string> => {
    const hash = hashVirtualKeyValue((await stack.api.createKey(tenant.workspaceId, more)).key);
    await mirrored(hash);
    return hash;
  };

  it('finds nothing where nothing is', async () => {
    expect((await check()).models).toMatchObject({ state: 'in_sync', repair: 'none' });
  });

  it('leaves no way to add a model to LiteLLM behind our back', async () => {
    const answer = await stack.litellm.asMaster({
      path: '/model/new',
      body: {
        model_name: 'behind-our-back',
        litellm_params: { model: 'openai/x', api_key: 'x', api_base: provider.baseUrl },
        model_info: { id: 'behind-our-back' },
      },
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(await stack.litellm.deploymentIds()).not.toContain('behind-our-back');
    expect((await check()).models).toMatchObject({ state: 'in_sync', unexpected_deployment_ids: [] });
  });

  it('puts keys and teams of LiteLLM right: changed, deleted, added under our mark; leaves what people made there', async () => {
    const changed = await createMirrored({ rpm_limit: 10, models: [loopback.chat] });
    const deleted = await createMirrored({ key_alias: 'deleted behind our back' });
    const asMaster = async (path: string, body: object): Promise<unknown> => {
      const answer = await stack.litellm.asMaster({ path, body });
      expect([path, answer.status]).toEqual([path, 200]);
      return answer.body;
    };
    await asMaster('/key/update', { key: changed, rpm_limit: 9_999, models: [], blocked: true });
    await asMaster('/key/delete', { keys: [deleted] });
    await asMaster('/team/update', { team_id: tenant.workspaceId, models: ['something-else'] });
    const marked = (await asMaster('/key/generate', {
      key_alias: 'forged',
      metadata: { signalbox: { key_id: 'key_x', secret_id: 'ksec_x' } },
    })) as { token: string };
    const foreign = (await asMaster('/key/generate', { key_alias: `made by a person ${Date.now()}` })) as {
      token: string;
    };

    await stack.stores.addJob('mirror.reconcile');
    await mirrored(changed, ({ rpm_limit: rpm, blocked }) => rpm === 10 && !blocked);
    await mirrored(deleted);
    await waitUntil(async () => (await stack.litellm.keyInfo(marked.token)) === null, {
      deadlineMs: repairMs,
      what: 'the forged key to be gone',
    });
    const team = await stack.litellm.asMaster({ path: `/team/info?team_id=${tenant.workspaceId}` });
    expect(team.body).toMatchObject({ team_info: { models: [] } });
    expect(await stack.litellm.keyInfo(foreign.token)).not.toBeNull();
    const report = await stack.api.get<DriftView>('/config/drift');
    expect(report.keys?.keys['foreign']).toBeGreaterThanOrEqual(1);
    await asMaster('/key/delete', { keys: [foreign.token] });
  });

  it('puts the projection in Redis right: changed, removed and added documents', async () => {
    const [changed, removed] = await Promise.all([createMirrored(), createMirrored()]);
    const projection = stack.stores.redisKey('projection');
    const original = await stack.stores.redis.hmget(projection, `key:${changed}`, `key:${removed}`);
    const stray = hashVirtualKeyValue('never issued');
    await stack.stores.redis.hset(projection, {
      [`key:${changed}`]: (original[0] ?? '').replace('"active"', '"revoked"'),
      [`key:${stray}`]: (original[0] ?? '').replaceAll(changed, stray),
    });
    await stack.stores.redis.hdel(projection, `key:${removed}`);
    await stack.stores.addJob('projection.reconcile');
    await waitUntil(
      async () => {
        const now = await stack.stores.redis.hmget(
          projection,
          `key:${changed}`,
          `key:${removed}`,
          `key:${stray}`,
        );
        return JSON.stringify(now) === JSON.stringify([...original, null]);
      },
      { deadlineMs: repairMs, what: 'the projection as it was', pollEveryMs: 200 },
    );
  });

  it('makes LiteLLM run the release that PostgreSQL says is active, as after a restored backup', async () => {
    const older = await activeRelease(stack);
    const { release: newer } = await applySuccessfully(stack, { force: true });
    expect((await activeRelease(stack)).id).toBe(newer.id);
    await stack.stores.query(`UPDATE config_releases SET status = 'superseded' WHERE id = $1`, [newer.id]);
    await stack.stores.query(`UPDATE config_releases SET status = 'active', ended_at = NULL WHERE id = $1`, [
      older.id,
    ]);
    await waitUntil(
      async () => {
        const { models } = await check();
        const { active } = await stack.processes.runnerState();
        return active?.release_id === older.id && models?.state === 'in_sync';
      },
      { deadlineMs: 120_000, what: 'LiteLLM to run the active release again', pollEveryMs: 500 },
    );
  });
});
