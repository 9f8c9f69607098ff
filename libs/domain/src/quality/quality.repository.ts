import { Injectable } from '@nestjs/common';
import { QualityScoreEntity, type QualityScoreState } from '@signalbox/database';
import { type EntityManager, LessThan } from 'typeorm';

@Injectable()
export class QualityRepository {
  async inForce(manager: EntityManager): Promise<QualityScoreEntity[]> {
    return manager.find(QualityScoreEntity, { where: { state: 'in_force' }, order: { subject: 'ASC' } });
  }

  /** Until the transaction ends: of two who put a figure into force, the second one replaces the first one's. */
  async lockSubject(manager: EntityManager, subject: string): Promise<void> {
    await manager.query(`SELECT pg_advisory_xact_lock(hashtextextended('quality ' || $1, 0))`, [subject]);
  }

  async findInForce(manager: EntityManager, subject: string): Promise<QualityScoreEntity | null> {
    return manager.findOne(QualityScoreEntity, {
      where: { subject, state: 'in_force' },
      lock: { mode: 'pessimistic_write' },
    });
  }

  async findForUpdate(manager: EntityManager, id: string): Promise<QualityScoreEntity | null> {
    return manager.findOne(QualityScoreEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Those of the same run are one: a run that is told twice proposes once. */
  async findProposal(
    manager: EntityManager,
    subject: string,
    benchmarkRunId: string,
  ): Promise<QualityScoreEntity | null> {
    return manager.findOneBy(QualityScoreEntity, { subject, benchmarkRunId });
  }

  /** Newest first. */
  async listProposals(
    manager: EntityManager,
    state: QualityScoreState | undefined,
    limit: number,
    before: string | null,
  ): Promise<QualityScoreEntity[]> {
    const where = {
      source: 'benchmark',
      ...(state && { state }),
      ...(before !== null && { id: LessThan(before) }),
    };
    return manager.find(QualityScoreEntity, { where, order: { id: 'DESC' }, take: limit });
  }

  async isSubject(manager: EntityManager, subject: string): Promise<boolean> {
    const rows = await manager.query<unknown[]>(
      'SELECT FROM models WHERE name = $1 UNION ALL SELECT FROM catalogue_entries WHERE id = $1 LIMIT 1',
      [subject],
    );
    return rows.length > 0;
  }

  async insert(manager: EntityManager, row: QualityScoreEntity): Promise<void> {
    await manager.insert(QualityScoreEntity, row);
  }

  async save(manager: EntityManager, row: QualityScoreEntity): Promise<void> {
    await manager.save(row);
  }
}
