import { Column, Entity, Index } from 'typeorm';
import { TextList, Timestamp, VersionedRow } from './columns';

export const benchmarkIntervals = ['daily', 'weekly'] as const;
export type BenchmarkInterval = (typeof benchmarkIntervals)[number];

/** A benchmark run that is made again and again, each time with the same cap. */
@Entity('benchmark_schedules')
@Index('benchmark_schedules_next_run_at_idx', ['nextRunAt'])
export class BenchmarkScheduleEntity extends VersionedRow {
  @Column({ type: 'text' })
  suite!: string;

  @TextList()
  models!: string[];

  @Column({ type: 'int', default: 1 })
  samples!: number;

  @Column({ type: 'bigint', name: 'cap_nano_usd' })
  capNanoUsd!: string;

  @Column({ type: 'boolean', name: 'allow_unpriced', default: false })
  allowUnpriced!: boolean;

  @Column({ type: 'text' })
  every!: BenchmarkInterval;

  @Timestamp({ name: 'next_run_at' })
  nextRunAt!: Date;

  @Column({ type: 'text', name: 'last_run_id', nullable: true })
  lastRunId!: string | null;

  /** Why the last run was not made. */
  @Column({ type: 'text', nullable: true })
  problem!: string | null;

  @Column({ type: 'text', name: 'created_by' })
  createdBy!: string;
}
