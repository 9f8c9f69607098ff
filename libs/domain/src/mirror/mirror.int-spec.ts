import { newId } from '@signalbox/common';
import { OrganizationEntity, VirtualKeySecretEntity, WorkspaceEntity } from '@signalbox/database';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { hashVirtualKeyValue } from '@signalbox/gateway';
import type { Fault } from '../../../../test/stand-ins/litellm-admin.stand-in';
import type { MirrorReport } from './mirror-report';
import { type MirrorWorld, openMirrorWorld } from '../../../../test/support/mirror-world';

const minuteMs = 60_000;
const serverError: Fault = {
  kind: 'status',
  status: 500,
  body: { error: { message: 'boom', type: 'internal_server_error', param: 'None', code: '500' } },
};
const noDatabase: Fault = {
  kind: 'status',
  status: 503,
  body: { error: { message: 'No connected db.', type: 'no_db_connection', param: null, code: '503' } },
};

jest.setTimeout(30_000);

describe('mirror of virtual keys in LiteLLM', () => {
  let world: MirrorWorld;

  beforeEach(async () => {
    world = await openMirrorWorld();
  });
  afterEach(() => world.close());

  async function mirrorOf(keyId: string) {
    const secrets = await world.secretsOf(keyId);
    return secrets.map(({ mirrorState, mirrorError, sealedValue }) => ({
      state: mirrorState,
      error: mirrorError,
      isSealed: sealedValue !== null,
    }));
  }

  const reconcileNow = (): Promise<MirrorReport> => world.reconcile.run(new AbortController().signal);

  /** Drains until nothing is left, whatever failed in between; the delays of failed items count as passed. */
  async function drainAll(): Promise<void> {
    for (let round = 0; round < 10 && (await world.outboxSize()) > 0; round += 1) {
      await world.makeAllDue();
      await world.drain();
    }
  }

  it('makes a key that works in LiteLLM by itself, with its team, and erases the sealed value', async () => {
    const { key, value } = await world.createKey({
      keyAlias: 'bot',
      models: ['smart', 'openai/*'],
      maxBudget: '12.5',
      budgetDuration: '30d',
      rpmLimit: 60,
      tpmLimit: 1_000,
      maxParallelRequests: 2,
      duration: '1h',
    });
    expect(await mirrorOf(key.id)).toEqual([{ state: 'pending', error: null, isSealed: true }]);
    await world.drain();
    const [secret] = await world.secretsOf(key.id);
    const [row] = await world.litellm.keys();
    expect(row).toMatchObject({
      token: hashVirtualKeyValue(value),
      key_alias: `bot [${secret!.id}]`,
      team_id: world.workspaceId,
      models: ['smart', 'openai/*'],
      max_budget: 12.5,
      budget_duration: '30d',
      rpm_limit: '60',
      max_parallel_requests: 2,
      blocked: false,
      metadata: { signalbox: { key_id: key.id, secret_id: secret!.id, workspace_id: world.workspaceId } },
    });
    expect(Math.abs((row!['expires'] as Date).getTime() - key.expiresAt!.getTime())).toBeLessThan(minuteMs);
    expect(world.litellm.teams.get(world.workspaceId)).toMatchObject({ blocked: false, models: [] });
    expect(await mirrorOf(key.id)).toEqual([{ state: 'synced', error: null, isSealed: false }]);
    expect(await world.outboxSize()).toBe(0);
  });

  it('sends only what changed, so that the period of a budget does not start anew', async () => {
    const { key } = await world.createKey({ maxBudget: '5', budgetDuration: '30d' });
    await world.drain();
    await world.keys.update(world.caller, key.id, { rpmLimit: 7, blocked: true });
    await world.drain();
    expect(world.litellm.callsOf('/key/update').map(({ body }) => Object.keys(body).sort())).toEqual([
      ['blocked', 'key', 'rpm_limit'],
    ]);
  });

  it('takes limits away again', async () => {
    const { key } = await world.createKey({ maxBudget: '5', rpmLimit: 1, duration: '1h', models: ['a'] });
    await world.drain();
    await world.keys.update(world.caller, key.id, {
      maxBudget: null,
      rpmLimit: null,
      duration: null,
      models: [],
    });
    await world.drain();
    const [row] = await world.litellm.keys();
    expect(row).toMatchObject({ max_budget: null, rpm_limit: null, expires: null, models: [] });
  });

  it('keeps both values for the overlap and takes the older one out at its end', async () => {
    const { key, value } = await world.createKey();
    await world.drain();
    world.clock.advanceMs(1);
    const rotated = await world.keys.rotate(world.caller, key.id, '1h');
    await world.drain();
    expect((await world.litellm.keys()).map(({ token }) => token).sort()).toEqual(
      [value, rotated.value].map(hashVirtualKeyValue).sort(),
    );
    // The end of the overlap is an item of its own, which needs no further change of the key.
    expect(await world.outboxSize()).toBe(1);
    expect(await world.drain()).toBe(0);
    world.clock.advanceMs(60 * minuteMs + 1);
    await world.makeAllDue();
    await world.drain();
    expect((await world.litellm.keys()).map(({ token }) => token)).toEqual([
      hashVirtualKeyValue(rotated.value),
    ]);
    expect((await mirrorOf(key.id)).map(({ state }) => state)).toEqual(['removed', 'synced']);
    expect(await world.outboxSize()).toBe(0);
  });

  it('takes a revoked key out, and one that LiteLLM never had', async () => {
    const { key } = await world.createKey();
    await world.drain();
    const never = await world.createKey();
    await world.keys.revoke(world.caller, key.id);
    await world.keys.delete(world.caller, never.key.id);
    await world.drain();
    expect(await world.litellm.keys()).toEqual([]);
    expect(await mirrorOf(key.id)).toEqual([{ state: 'removed', error: null, isSealed: false }]);
    expect(await mirrorOf(never.key.id)).toEqual([{ state: 'removed', error: null, isSealed: false }]);
  });

  it("blocks a workspace's team together with its organization", async () => {
    await world.createKey();
    await world.drain();
    await world.database.transactions.run('platform', async (manager) => {
      await manager.update(OrganizationEntity, { id: world.organizationId }, { blocked: true });
      await new OutboxRepository().addMirrorOfWorkspaces(manager, world.organizationId);
    });
    await world.drain();
    expect(world.litellm.teams.get(world.workspaceId)).toMatchObject({ blocked: true });
  });

  it.each<[string, string, Fault]>([
    ['/key/info', 'a hanging answer', { kind: 'hang' }],
    ['/key/generate', 'a hanging answer', { kind: 'hang' }],
    ['/key/generate', 'a connection that breaks before the work', { kind: 'reset_before' }],
    ['/key/generate', 'a connection that breaks after the work', { kind: 'reset_after' }],
    ['/key/generate', 'an error', serverError],
    ['/key/generate', 'a lost database', noDatabase],
    ['/v2/team/list', 'an error', serverError],
    ['/team/new', 'a connection that breaks after the work', { kind: 'reset_after' }],
  ])('%s: after %s the key is made exactly once', async (path, _what, fault) => {
    world.litellm.failNext(path, fault);
    const { key } = await world.createKey();
    expect(await world.drain()).toBe(0);
    const [before] = await mirrorOf(key.id);
    expect(before).toMatchObject({ state: fault === serverError ? 'failed' : 'pending' });
    await drainAll();
    expect(await world.litellm.keys()).toHaveLength(1);
    expect(world.litellm.teams.size).toBe(1);
    expect(await mirrorOf(key.id)).toEqual([{ state: 'synced', error: null, isSealed: false }]);
  });

  it.each<[string, Fault]>([
    ['a connection that breaks after the work', { kind: 'reset_after' }],
    ['an error', serverError],
  ])('/key/delete: after %s a revoked key is gone all the same', async (_what, fault) => {
    const { key } = await world.createKey();
    await world.drain();
    world.litellm.failNext('/key/delete', fault);
    await world.keys.revoke(world.caller, key.id);
    await world.drain();
    await drainAll();
    expect(await world.litellm.keys()).toEqual([]);
    expect((await mirrorOf(key.id))[0]).toMatchObject({ state: 'removed' });
  });

  it('makes a key again that somebody deleted in LiteLLM, whose archive still shows it', async () => {
    const { key } = await world.createKey({ rpmLimit: 5 });
    await world.drain();
    const [row] = await world.litellm.keys();
    await world.client.keyDelete([row!.token]);
    await world.keys.update(world.caller, key.id, { rpmLimit: 6 });
    await world.drain();
    expect(await world.litellm.keys()).toMatchObject([{ token: row!.token, rpm_limit: '6' }]);
    await world.client.keyDelete([row!.token]);
    world.clock.advanceMs(1_000);
    expect(await reconcileNow()).toMatchObject({ restoredKeys: 1 });
    expect(await world.litellm.keys()).toMatchObject([{ token: row!.token, rpm_limit: '6' }]);
  });

  it('makes the team again together with a key that was lost while it was made', async () => {
    await world.createKey();
    await world.drain();
    await world.litellm.loseDatabase();
    const { key } = await world.createKey();
    world.litellm.failNext('/key/generate', { kind: 'reset_after' });
    await world.drain();
    await world.litellm.loseDatabase();
    await world.keys.update(world.caller, key.id, { rpmLimit: 3 });
    await world.database.transactions.run('platform', (manager) =>
      manager.update(VirtualKeySecretEntity, { virtualKeyId: key.id }, { sealedValue: null }),
    );
    await drainAll();
    expect(await world.litellm.keys()).toHaveLength(1);
    expect(world.litellm.teams.has(world.workspaceId)).toBe(true);
  });

  it('does not fall for the echo: a key that LiteLLM has with other settings is corrected', async () => {
    const { key, value } = await world.createKey({ rpmLimit: 9 });
    await world.litellm.insertKey({ token: hashVirtualKeyValue(value), rpm_limit: 1, key_alias: 'old' });
    await world.drain();
    const [row] = await world.litellm.keys();
    expect(row).toMatchObject({ rpm_limit: '9', team_id: world.workspaceId });
    expect(world.litellm.callsOf('/key/generate')).toHaveLength(0);
    expect((await mirrorOf(key.id))[0]).toMatchObject({ state: 'synced' });
  });

  it('says what LiteLLM refused, without the value, and goes on once the cause is gone', async () => {
    const { key, value } = await world.createKey({ keyAlias: 'bot' });
    const [secret] = await world.secretsOf(key.id);
    const alias = `bot [${secret!.id}]`;
    await world.litellm.insertKey({ token: 'made-by-a-person', key_alias: alias });
    await world.drain();
    const [failed] = await mirrorOf(key.id);
    expect(failed).toMatchObject({ state: 'failed', isSealed: true });
    expect(failed!.error).toContain('already exists');
    expect(failed!.error).not.toContain(value.slice(6, 20));
    await world.client.keyDelete(['made-by-a-person']);
    await drainAll();
    expect((await mirrorOf(key.id))[0]).toMatchObject({ state: 'synced' });
  });

  it.each(['/team/new', '/key/generate'])('takes a lost race for %s as won by the other', async (path) => {
    const message = 'Unique constraint failed on the fields: (`team_id`)';
    const error = { message, type: 'internal_server_error', param: 'None', code: '500' };
    world.litellm.failNext(path, { kind: 'status_after', status: 500, body: { error } });
    const { key } = await world.createKey({ keyAlias: 'racer' });
    await world.drain();
    expect(await mirrorOf(key.id)).toEqual([{ state: 'synced', error: null, isSealed: false }]);
  });

  it('waits while LiteLLM is away, without counting attempts', async () => {
    world.litellm.isRunning = false;
    const { key } = await world.createKey();
    expect(await world.drain()).toBe(0);
    expect((await mirrorOf(key.id))[0]).toMatchObject({ state: 'pending', error: null });
    expect(world.litellm.calls).toEqual([]);
    const rows = await world.database.transactions.run('platform', (manager) =>
      manager.query('SELECT attempts FROM outbox_items'),
    );
    expect(rows).toEqual([{ attempts: 0 }]);
  });

  it('leaves LiteLLM with the newest state, however many workers and changes race', async () => {
    const { key } = await world.createKey({ rpmLimit: 1 });
    const changes = Array.from({ length: 10 }, async (_item, index) => {
      await world.keys.update(world.caller, key.id, { rpmLimit: index + 2 });
      await Promise.all([world.drain(), world.drain()]);
    });
    await Promise.all(changes);
    await world.keys.revoke(world.caller, key.id);
    await Promise.all([world.drain(), world.drain(), world.drain()]);
    await drainAll();
    expect(await world.litellm.keys()).toEqual([]);
  });

  describe('reconcile', () => {
    it('finds nothing to do when both agree', async () => {
      await world.createKey();
      await world.drain();
      const report = await reconcileNow();
      const none = { missing: 0, different: 0, dead: 0, unknown: 0, foreign: 0 };
      expect(report).toMatchObject({
        error: null,
        keysInLitellm: 1,
        teamsInLitellm: 1,
        keys: none,
        teams: none,
      });
      expect(await world.outboxSize()).toBe(0);
    });

    it('brings everything back after LiteLLM lost its database: keys by their hash, with team and limits', async () => {
      const made = await Promise.all(
        ['a', 'b', 'c'].map((keyAlias) =>
          world.createKey({ keyAlias, rpmLimit: 5, maxBudget: '0.1', budgetDuration: '7d', duration: '2h' }),
        ),
      );
      await world.drain();
      const before = await world.litellm.keys();
      await world.litellm.loseDatabase();
      expect(await world.reconcile.isNeeded()).toBe(true);
      world.clock.advanceMs(1_000);
      const report = await reconcileNow();
      expect(report).toMatchObject({ restoredKeys: 3, keys: { missing: 3 }, teams: { missing: 1 } });
      await world.drain();
      const after = await world.litellm.keys();
      const comparable = (rows: Record<string, unknown>[]) =>
        rows
          .map(({ token, key_alias, team_id, rpm_limit, max_budget, budget_duration, metadata }) => {
            return { token, key_alias, team_id, rpm_limit, max_budget, budget_duration, metadata };
          })
          .sort((left, right) => (String(left.token) < String(right.token) ? -1 : 1));
      expect(comparable(after)).toEqual(comparable(before));
      expect(after[0]!['expires']).toEqual(made[0]!.key.expiresAt);
      expect(world.litellm.teams.has(world.workspaceId)).toBe(true);
      expect(await world.reconcile.isNeeded()).toBe(false);
    });

    it('notices a team that is gone, though no key is', async () => {
      await world.createKey();
      await world.database.transactions.run('platform', (manager) =>
        new OutboxRepository().addMirrorOfWorkspaces(manager, world.organizationId),
      );
      await world.drain();
      expect(await world.reconcile.isNeeded()).toBe(false);
      world.litellm.teams.clear();
      expect(await world.reconcile.isNeeded()).toBe(true);
      world.clock.advanceMs(1_000);
      expect(await reconcileNow()).toMatchObject({ teams: { missing: 1 } });
      expect(world.litellm.teams.has(world.workspaceId)).toBe(true);
    });

    it('repairs what somebody changed in LiteLLM', async () => {
      const { key } = await world.createKey({ rpmLimit: 5 });
      await world.drain();
      const [row] = await world.litellm.keys();
      await world.client.keyUpdate(row!.token, { rpm_limit: 500, blocked: true });
      await world.client.teamUpdate(world.workspaceId, { blocked: true, models: ['x'] });
      const report = await reconcileNow();
      expect(report).toMatchObject({ keys: { different: 1 }, teams: { different: 1 } });
      await world.drain();
      expect((await world.litellm.keys())[0]).toMatchObject({ rpm_limit: '5', blocked: false });
      expect(world.litellm.teams.get(world.workspaceId)).toMatchObject({ blocked: false, models: [] });
      expect((await mirrorOf(key.id))[0]).toMatchObject({ state: 'synced' });
    });

    it('deletes what carries our mark but is not ours any more, and leaves alone what people made', async () => {
      const { key } = await world.createKey();
      await world.drain();
      const mark = { signalbox: { key_id: newId('virtualKey'), secret_id: newId('virtualKeySecret') } };
      await world.litellm.insertKey({ token: 'left-over', metadata: mark });
      await world.litellm.insertKey({ token: 'made-by-a-person', key_alias: 'mine' });
      await world.client.teamNew('left-over-team', { metadata: { signalbox: { workspace_id: 'ws_gone' } } });
      await world.client.teamNew('team-of-a-person', { team_alias: 'people' });
      const report = await reconcileNow();
      expect(report.keys).toMatchObject({ unknown: 1, foreign: 1 });
      expect(report.teams).toMatchObject({ unknown: 1, foreign: 1 });
      expect(report.foreignExamples).toEqual(['team people', 'key mine']);
      const [secret] = await world.secretsOf(key.id);
      expect((await world.litellm.keys()).map(({ token }) => token).sort()).toEqual(
        ['made-by-a-person', secret!.keyHash].sort(),
      );
      expect([...world.litellm.teams.keys()].sort()).toEqual(['team-of-a-person', world.workspaceId].sort());
    });

    it('takes out a revoked key that came back, such as from a backup of LiteLLM', async () => {
      const { key } = await world.createKey();
      await world.drain();
      const [row] = await world.litellm.keys();
      await world.keys.revoke(world.caller, key.id);
      await world.drain();
      await world.litellm.insertKey({ token: row!.token, metadata: row!['metadata'] });
      const report = await reconcileNow();
      expect(report.keys).toMatchObject({ dead: 1 });
      await world.drain();
      expect(await world.litellm.keys()).toEqual([]);
    });

    it('goes through all pages, and does not restore keys that are on their way', async () => {
      for (let index = 0; index < 130; index += 1) await world.createKey();
      world.clock.advanceMs(1_000);
      const report = await reconcileNow();
      expect(report.keys.missing).toBe(130);
      expect(report.restoredKeys).toBe(0);
      await world.drain();
      world.clock.advanceMs(1_000);
      expect(await reconcileNow()).toMatchObject({
        keysInLitellm: 130,
        keys: { missing: 0, different: 0 },
      });
    });

    it('reports a LiteLLM that fails, and the next run is complete', async () => {
      await world.createKey();
      await world.drain();
      world.litellm.failNext('/key/list', serverError);
      expect((await reconcileNow()).error).toContain('boom');
      expect(await world.reconcile.isNeeded()).toBe(true);
      expect((await reconcileNow()).error).toBeNull();
    });

    it('breaks off when the process ends', async () => {
      await world.createKey();
      await world.drain();
      await expect(world.reconcile.run(AbortSignal.abort(new Error('ending')))).rejects.toThrow('ending');
    });

    it('makes the team of a deleted workspace go, with its keys', async () => {
      await world.createKey();
      await world.drain();
      await world.database.transactions.run('platform', (manager) =>
        manager.update(WorkspaceEntity, { id: world.workspaceId }, { deletedAt: new Date() }),
      );
      await reconcileNow();
      expect(world.litellm.teams.size).toBe(0);
      expect(await world.litellm.keys()).toEqual([]);
    });
  });
});
