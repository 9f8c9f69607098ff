import { Injectable } from '@nestjs/common';
import { BenchmarkResultEntity, benchmarkResultStates, BenchmarkRunEntity } from '@signalbox/database';
import { type EntityManager, In, LessThan, type QueryDeepPartialEntity } from 'typeorm';
import type { ResultCounts, ResultFilter } from './benchmark.types';

export interface ResultPosition {
  readonly model: string;
  readonly task: string;
  readonly sample: number;
}

const noResults = Object.fromEntries(benchmarkResultStates.map((state) => [state, 0])) as ResultCounts;

/** Runs and their results, as they are read and started; what a worker writes is in spending.repository.ts. */
@Injectable()
export class BenchmarkRunRepository {
  async insert(
    manager: EntityManager,
    run: BenchmarkRunEntity,
    rows: readonly { model: string; task: string; sample: number; position: number }[],
  ): Promise<void> {
    await manager.insert(BenchmarkRunEntity, run as QueryDeepPartialEntity<BenchmarkRunEntity>);
    await manager.query(
      `INSERT INTO benchmark_results (run_id, model, task, sample, position, state)
       SELECT $1, model, task, sample, position, 'waiting' FROM jsonb_to_recordset($2::jsonb)
         AS row (model text, task text, sample int, position int)`,
      [run.id, JSON.stringify(rows)],
    );
  }

  async find(manager: EntityManager, id: string): Promise<BenchmarkRunEntity | null> {
    return manager.findOneBy(BenchmarkRunEntity, { id });
  }

  async findForUpdate(manager: EntityManager, id: string): Promise<BenchmarkRunEntity | null> {
    return manager.findOne(BenchmarkRunEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  async save(manager: EntityManager, run: BenchmarkRunEntity): Promise<void> {
    await manager.save(run);
  }

  /** Newest first; `before` is the last id of the page before. */
  async list(manager: EntityManager, limit: number, before: string | null): Promise<BenchmarkRunEntity[]> {
    const where = before === null ? {} : { id: LessThan(before) };
    return manager.find(BenchmarkRunEntity, { where, order: { id: 'DESC' }, take: limit });
  }

  async countOpen(manager: EntityManager): Promise<number> {
    return manager.countBy(BenchmarkRunEntity, { state: In(['queued', 'running']) });
  }

  async counts(manager: EntityManager, runIds: readonly string[]): Promise<Map<string, ResultCounts>> {
    const rows = await manager.query<{ runId: string; state: keyof ResultCounts; count: number }[]>(
      `SELECT run_id AS "runId", state, count(*)::int AS count FROM benchmark_results
       WHERE run_id = ANY($1) GROUP BY run_id, state`,
      [runIds],
    );
    const counts = new Map(runIds.map((id) => [id, { ...noResults }]));
    for (const { runId, state, count } of rows) Object.assign(counts.get(runId) ?? {}, { [state]: count });
    return counts;
  }

  async results(manager: EntityManager, runId: string): Promise<BenchmarkResultEntity[]> {
    return manager.find(BenchmarkResultEntity, {
      where: { runId },
      order: { model: 'ASC', position: 'ASC', sample: 'ASC' },
    });
  }

  async listResults(
    manager: EntityManager,
    runId: string,
    filter: ResultFilter,
    limit: number,
    after: ResultPosition | null,
  ): Promise<BenchmarkResultEntity[]> {
    const query = manager
      .createQueryBuilder(BenchmarkResultEntity, 'result')
      .where('result.runId = :runId', { runId })
      .orderBy('result.model', 'ASC')
      .addOrderBy('result.task', 'ASC')
      .addOrderBy('result.sample', 'ASC')
      .take(limit);
    if (after) query.andWhere('(result.model, result.task, result.sample) > (:model, :task, :sample)', after);
    if (filter.model !== undefined) query.andWhere('result.model = :only', { only: filter.model });
    if (filter.state !== undefined) query.andWhere('result.state = :state', { state: filter.state });
    return query.getMany();
  }
}
