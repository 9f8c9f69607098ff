import { Injectable } from '@nestjs/common';
import { QualityScoreEntity, type QualityScoreState } from '@signalbox/database';
import { type EntityManager, LessThan } from 'typeorm';

@Injectable()
export class QualityRepository {
  async inForce(manager: EntityManager): Promise<QualityScoreEntity[]> {
    return manager.find(QualityScoreEntity, { where: { state: 'in_force' }, order: { subject: 'ASC' } });
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

  async insert(manager: EntityManager, row: QualityScoreEntity): Promise<void> {
    await manager.insert(QualityScoreEntity, row);
  }

  async save(manager: EntityManager, row: QualityScoreEntity): Promise<void> {
    await manager.save(row);
  }
}
