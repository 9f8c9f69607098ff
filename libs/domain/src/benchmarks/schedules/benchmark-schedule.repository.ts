import { Injectable } from '@nestjs/common';
import { BenchmarkScheduleEntity } from '@signalbox/database';
import { type EntityManager, LessThan, LessThanOrEqual } from 'typeorm';

@Injectable()
export class BenchmarkScheduleRepository {
  async insert(manager: EntityManager, schedule: BenchmarkScheduleEntity): Promise<void> {
    await manager.insert(BenchmarkScheduleEntity, schedule);
  }

  /** Newest first; `before` is the last id of the page before. */
  async list(
    manager: EntityManager,
    limit: number,
    before: string | null,
  ): Promise<BenchmarkScheduleEntity[]> {
    const where = before === null ? {} : { id: LessThan(before) };
    return manager.find(BenchmarkScheduleEntity, { where, order: { id: 'DESC' }, take: limit });
  }

  async count(manager: EntityManager): Promise<number> {
    return manager.countBy(BenchmarkScheduleEntity, {});
  }

  /** One that is due; locked, so that two workers do not start it twice. */
  async takeDue(manager: EntityManager, now: Date): Promise<BenchmarkScheduleEntity | null> {
    return manager.findOne(BenchmarkScheduleEntity, {
      where: { nextRunAt: LessThanOrEqual(now) },
      order: { nextRunAt: 'ASC' },
      lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
    });
  }

  async save(manager: EntityManager, schedule: BenchmarkScheduleEntity): Promise<void> {
    await manager.save(schedule);
  }

  async remove(manager: EntityManager, id: string): Promise<boolean> {
    const { affected } = await manager.delete(BenchmarkScheduleEntity, { id });
    return affected === 1;
  }
}
