import { Injectable } from '@nestjs/common';
import { BenchmarkResultEntity, BenchmarkRunEntity, type BenchmarkRunState } from '@signalbox/database';
import { type EntityManager, In } from 'typeorm';
import type { ResultKey, Settlement } from '../runs/benchmark.types';

/** Somebody else works on the run now, or it is over. Whatever hits upon it is undone with its transaction. */
export class RunTaken extends Error {}

/** A call that was under way when its worker died is tried again, but not for ever. */
const mostAttemptsOfLostCalls = 10;

/**
 * What a worker writes of a run. At each moment, what was spent and what is reserved together are at most the cap: one statement
 * looks and reserves, so neither two calls at a time nor two workers can pass it.
 */
@Injectable()
export class SpendingRepository {
  /** The run that goes on, or the one that waits longest. */
  async nextRun(manager: EntityManager): Promise<BenchmarkRunEntity | null> {
    const [running] = await manager.findBy(BenchmarkRunEntity, { state: 'running' });
    if (running) return running;
    const [oldest] = await manager.find(BenchmarkRunEntity, {
      where: { state: 'queued' },
      order: { id: 'ASC' },
      take: 1,
    });
    return oldest ?? null;
  }

  /**
   * From now on only this holder writes. Nobody knows how calls ended that were under way: what was reserved for them counts as spent,
   * and they are made again.
   */
  async takeOver(manager: EntityManager, runId: string, holder: string, now: Date): Promise<void> {
    await this.giveUpCalls(manager, runId, now);
    const { affected } = await manager.update(
      BenchmarkRunEntity,
      { id: runId, state: In(['queued', 'running']) },
      { state: 'running', holder, updatedAt: now, startedAt: () => 'coalesce(started_at, now())' },
    );
    if (affected !== 1) throw new RunTaken('the run is over');
  }

  /** Ended runs of which a call was under way when the worker died. @returns how many */
  async giveUpEnded(manager: EntityManager, now: Date): Promise<number> {
    // Nothing is reserved for calls of what costs nothing.
    const ended = await manager.query<{ id: string }[]>(
      `SELECT id FROM benchmark_runs run WHERE state NOT IN ('queued', 'running') AND key_ended_at IS NULL
         AND EXISTS (SELECT FROM benchmark_results WHERE run_id = run.id AND state = 'calling')`,
    );
    for (const { id } of ended) await this.giveUpCalls(manager, id, now);
    await manager.update(
      BenchmarkResultEntity,
      { runId: In(ended.map(({ id }) => id)), state: 'waiting' },
      { state: 'skipped' },
    );
    return ended.length;
  }

  async waiting(manager: EntityManager, runId: string): Promise<BenchmarkResultEntity[]> {
    return manager.find(BenchmarkResultEntity, {
      where: { runId, state: 'waiting' },
      order: { sample: 'ASC', position: 'ASC', model: 'ASC' },
    });
  }

  /** @returns false: it does not fit under the cap now. @throws RunTaken */
  async reserve(
    manager: EntityManager,
    run: { id: string; holder: string },
    key: ResultKey,
    needNanoUsd: number,
  ): Promise<boolean> {
    const [, reserved] = await manager.query<[unknown, number]>(
      `UPDATE benchmark_runs SET reserved_nano_usd = reserved_nano_usd + $3, updated_at = now()
       WHERE id = $1 AND holder = $2 AND state = 'running'
         AND spent_nano_usd + reserved_nano_usd + $3 <= cap_nano_usd`,
      [run.id, run.holder, needNanoUsd],
    );
    if (reserved === 0) {
      await this.requireHeld(manager, run);
      return false;
    }
    const { affected } = await manager.update(
      BenchmarkResultEntity,
      { runId: run.id, ...key, state: 'waiting' },
      { state: 'calling', reservedNanoUsd: String(needNanoUsd), attempts: () => 'attempts + 1' },
    );
    if (affected !== 1) throw new RunTaken('somebody else has made this call');
    return true;
  }

  /** Also after the run was cancelled: what was spent was spent. @throws RunTaken */
  async settle(
    manager: EntityManager,
    run: { id: string; holder: string },
    key: ResultKey,
    { costNanoUsd, score, ...fields }: Settlement,
  ): Promise<void> {
    const [row] = await manager.query<{ reserved: string }[]>(
      `SELECT reserved_nano_usd AS reserved FROM benchmark_results
       WHERE run_id = $1 AND model = $2 AND task = $3 AND sample = $4 AND state = 'calling' FOR UPDATE`,
      [run.id, key.model, key.task, key.sample],
    );
    if (!row) throw new RunTaken('the call was given up');
    const isUnknown = costNanoUsd === 'unknown';
    const cost = isUnknown ? row.reserved : String(costNanoUsd);
    const isWaiting = fields.state === 'waiting';
    const values = { ...fields, score: score === null ? null : score.toFixed(5), reservedNanoUsd: '0' };
    await manager.update(
      BenchmarkResultEntity,
      { runId: run.id, ...key },
      isWaiting ? values : { ...values, costNanoUsd: cost },
    );
    const [, affected] = await manager.query<[unknown, number]>(
      `UPDATE benchmark_runs SET reserved_nano_usd = reserved_nano_usd - $3, spent_nano_usd = spent_nano_usd + $4,
         unknown_nano_usd = unknown_nano_usd + $5, updated_at = now()
       WHERE id = $1 AND holder = $2`,
      [run.id, run.holder, row.reserved, cost, isUnknown ? cost : '0'],
    );
    if (affected !== 1) throw new RunTaken('somebody else works on the run');
    if (isWaiting) await this.skipIfOver(manager, run.id, key);
  }

  async skipWaiting(manager: EntityManager, runId: string): Promise<void> {
    await manager.update(BenchmarkResultEntity, { runId, state: 'waiting' }, { state: 'skipped' });
  }

  /** The rest of one model's tasks. */
  async skipModel(manager: EntityManager, runId: string, model: string, detail: string): Promise<void> {
    await manager.update(
      BenchmarkResultEntity,
      { runId, model, state: 'waiting' },
      { state: 'skipped', detail },
    );
  }

  /** @throws RunTaken */
  async finish(
    manager: EntityManager,
    run: { id: string; holder: string },
    state: BenchmarkRunState,
    problem: string | null,
    now: Date,
  ): Promise<void> {
    await manager.update(
      BenchmarkResultEntity,
      { runId: run.id, state: 'waiting' },
      { state: 'skipped', detail: problem },
    );
    const { affected } = await manager.update(
      BenchmarkRunEntity,
      { id: run.id, holder: run.holder, state: 'running' },
      { state, problem, endedAt: now, updatedAt: now, version: () => 'version + 1' },
    );
    if (affected !== 1) throw new RunTaken('the run is over');
  }

  async noteKey(manager: EntityManager, runId: string, virtualKeyId: string): Promise<void> {
    await manager.update(BenchmarkRunEntity, { id: runId }, { virtualKeyId });
  }

  /** Ended runs whose key still lives. */
  async withOpenKeys(manager: EntityManager): Promise<{ id: string; virtualKeyId: string }[]> {
    return manager.query<{ id: string; virtualKeyId: string }[]>(
      `SELECT id, virtual_key_id AS "virtualKeyId" FROM benchmark_runs
       WHERE state NOT IN ('queued', 'running') AND virtual_key_id IS NOT NULL AND key_ended_at IS NULL`,
    );
  }

  async noteKeyEnded(manager: EntityManager, runId: string, now: Date): Promise<void> {
    await manager.update(BenchmarkRunEntity, { id: runId }, { keyEndedAt: now });
  }

  private async giveUpCalls(manager: EntityManager, runId: string, now: Date): Promise<void> {
    await manager.query('SELECT FROM benchmark_runs WHERE id = $1 FOR UPDATE', [runId]);
    await manager.query(
      `WITH lost AS (
         SELECT model, task, sample, reserved_nano_usd AS reserved, attempts FROM benchmark_results
         WHERE run_id = $1 AND state = 'calling'), given_up AS (
         UPDATE benchmark_results result SET reserved_nano_usd = 0,
           state = CASE WHEN lost.attempts >= $2 THEN 'failed' ELSE 'waiting' END,
           failure = CASE WHEN lost.attempts >= $2 THEN 'broken_off' END
         FROM lost WHERE result.run_id = $1 AND result.model = lost.model AND result.task = lost.task
           AND result.sample = lost.sample)
       UPDATE benchmark_runs SET reserved_nano_usd = 0, updated_at = $3,
         spent_nano_usd = spent_nano_usd + reserved_nano_usd, unknown_nano_usd = unknown_nano_usd + reserved_nano_usd
       WHERE id = $1 AND reserved_nano_usd <> 0`,
      [runId, mostAttemptsOfLostCalls, now],
    );
  }

  private async requireHeld(manager: EntityManager, run: { id: string; holder: string }): Promise<void> {
    const isHeld = await manager.existsBy(BenchmarkRunEntity, {
      id: run.id,
      holder: run.holder,
      state: 'running',
    });
    if (!isHeld) throw new RunTaken('the run is over, or somebody else works on it');
  }

  /** A task that was to be asked again, of a run that was cancelled meanwhile. */
  private async skipIfOver(manager: EntityManager, runId: string, key: ResultKey): Promise<void> {
    const isOn = await manager.existsBy(BenchmarkRunEntity, { id: runId, state: 'running' });
    if (isOn) return;
    await manager.update(BenchmarkResultEntity, { runId, ...key, state: 'waiting' }, { state: 'skipped' });
  }
}
