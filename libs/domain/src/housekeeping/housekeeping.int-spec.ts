import { ManualClock, newId } from '@signalbox/common';
import {
  OrganizationEntity,
  VirtualKeyEntity,
  VirtualKeySecretEntity,
  WorkspaceEntity,
} from '@signalbox/database';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { openTestDatabase, type TestDatabase } from '../../../../test/support/test-database';
import { HousekeepingRepository } from './housekeeping.repository';
import { HousekeepingService } from './housekeeping.service';

jest.setTimeout(30_000);

describe('housekeeping', () => {
  let database: TestDatabase;
  let housekeeping: HousekeepingService;
  const clock = new ManualClock(Date.now());
  const past = new Date(clock.nowMs() - 1_000);
  const future = new Date(clock.nowMs() + 60_000);
  const organizationId = newId('organization');
  const workspaceId = newId('workspace');

  beforeAll(async () => {
    database = await openTestDatabase();
    const repository = new HousekeepingRepository();
    housekeeping = new HousekeepingService(database.transactions, repository, new OutboxRepository(), clock);
    await database.transactions.run('platform', async (manager) => {
      await manager.insert(OrganizationEntity, { id: organizationId, name: 'acme' });
      await manager.insert(WorkspaceEntity, { id: workspaceId, organizationId, name: 'main' });
    });
  });
  afterAll(() => database.close());

  const query = <Result>(sql: string, parameters: unknown[] = []): Promise<Result> =>
    database.transactions.run('platform', (manager) => manager.query<Result>(sql, parameters));

  async function makeKey(
    validUntil: Date | null,
    mirrorState: 'synced' | 'removed',
    key: Partial<VirtualKeyEntity> = {},
  ): Promise<string> {
    const id = newId('virtualKey');
    await database.transactions.run('platform', async (manager) => {
      const row = { id, organizationId, workspaceId, createdBy: 'test', ...key };
      await manager.insert(VirtualKeyEntity, row as object);
      await manager.insert(VirtualKeySecretEntity, {
        id: newId('virtualKeySecret'),
        organizationId,
        virtualKeyId: id,
        keyHash: id,
        keyName: 'sk-...0000',
        sealedValue: 'v1.sealed',
        validUntil,
        mirrorState,
      });
    });
    return id;
  }

  it('erases values that ended, and has LiteLLM told of those that it may still have', async () => {
    const living = await makeKey(null, 'synced');
    const overlapping = await makeKey(future, 'synced');
    const ended = await makeKey(past, 'synced');
    const revoked = await makeKey(null, 'synced', { revokedAt: past });
    const done = await makeKey(past, 'removed');
    expect(await housekeeping.sweep()).toMatchObject({ erasedValues: 3, endedKeys: 2 });
    const sealed = await query<{ id: string }[]>(
      'SELECT virtual_key_id AS id FROM virtual_key_secrets WHERE sealed_value IS NOT NULL',
    );
    expect(sealed.map(({ id }) => id).sort()).toEqual([living, overlapping].sort());
    const waiting = await query<{ id: string }[]>('SELECT subject_id AS id FROM outbox_items');
    expect(waiting.map(({ id }) => id).sort()).toEqual([ended, revoked].sort());
    expect(waiting.map(({ id }) => id)).not.toContain(done);
  });

  it('forgets syncs of the catalogue after 90 days, but for the newest, and what people decided', async () => {
    const old = new Date(clock.nowMs() - 91 * 86_400_000);
    for (const [id, endedAt] of [
      ['sync_1', old],
      ['sync_2', past],
      ['sync_3', old],
    ] as const) {
      await query(
        `INSERT INTO catalogue_syncs (id, trigger, state, step, ended_at) VALUES ($1, 'schedule', 'completed', 'done', $2)`,
        [id, endedAt],
      );
    }
    for (const state of ['waiting', 'rejected', 'superseded']) {
      await query(
        `INSERT INTO catalogue_changes (id, sync_id, anomaly, detail, fingerprint, state, updated_at)
         VALUES ($1, 'sync_1', 'price_jump', 'x', $1, $1, $2)`,
        [state, old],
      );
    }
    expect(await housekeeping.sweep()).toMatchObject({ catalogueSyncs: 1 });
    expect(await query('SELECT id FROM catalogue_syncs ORDER BY id')).toEqual([
      { id: 'sync_2' },
      { id: 'sync_3' },
    ]);
    expect(await query('SELECT id FROM catalogue_changes ORDER BY id')).toEqual([
      { id: 'rejected' },
      { id: 'waiting' },
    ]);
  });

  it('forgets benchmark runs after 400 days, with their results, but for those that something rests on', async () => {
    const daysAgo = (days: number): Date => new Date(clock.nowMs() - days * 86_400_000);
    const runs: [id: string, state: string, days: number, keyId: string | null, keyEnded: boolean][] = [
      ['old', 'completed', 401, 'vk_1', true],
      ['old_without_key', 'failed', 401, null, false],
      ['recent', 'completed', 399, 'vk_1', true],
      ['unended', 'running', 401, 'vk_1', false],
      ['with_key', 'capped', 401, 'vk_1', false],
      ['in_force', 'completed', 401, 'vk_1', true],
      ['proposed', 'completed', 401, 'vk_1', true],
      ['rejected', 'completed', 401, 'vk_1', true],
    ];
    for (const [id, state, days, keyId, keyEnded] of runs) {
      const at = daysAgo(days);
      await query(
        `INSERT INTO benchmark_runs (id, suite, trigger, state, cap_nano_usd, virtual_key_id, created_at, ended_at, key_ended_at)
         VALUES ($1, 'core', 'schedule', $2, 1, $3, $4, $5, $6)`,
        [id, state, keyId, at, state === 'running' ? null : at, keyEnded ? at : null],
      );
      await query(
        `INSERT INTO benchmark_results (run_id, model, task, state) VALUES ($1, 'gpt-4o', 't', 'done')`,
        [id],
      );
    }
    for (const state of ['in_force', 'proposed', 'rejected']) {
      await query(
        `INSERT INTO quality_scores (id, subject, score, state, source, benchmark_run_id)
         VALUES ($1, 'gpt-4o', 0.5, $1, 'benchmark', $1)`,
        [state],
      );
    }
    expect(await housekeeping.sweep()).toMatchObject({ benchmarkRuns: 3 });
    const kept = ['in_force', 'proposed', 'recent', 'unended', 'with_key'];
    expect(await query('SELECT id FROM benchmark_runs ORDER BY id')).toEqual(kept.map((id) => ({ id })));
    expect(await query('SELECT run_id AS id FROM benchmark_results ORDER BY 1')).toEqual(
      kept.map((id) => ({ id })),
    );
    expect(await housekeeping.sweep()).toMatchObject({ benchmarkRuns: 0 });
  });

  it('deletes idempotency records that have expired, however many, and no others', async () => {
    await query(
      `INSERT INTO idempotency_records (service_token_id, idempotency_key, request_hash, locked_until, expires_at)
       SELECT 'tok', n::text, 'h', now(), CASE WHEN n = 1 THEN $1::timestamptz ELSE $2::timestamptz END
       FROM generate_series(1, 2500) AS n`,
      [future, past],
    );
    expect(await housekeeping.sweep()).toMatchObject({ idempotencyRecords: 2_499 });
    expect(await query('SELECT idempotency_key FROM idempotency_records')).toEqual([
      { idempotency_key: '1' },
    ]);
  });
});
