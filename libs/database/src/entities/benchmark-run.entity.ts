import { Column, Entity, Index } from 'typeorm';
import { JsonObject, TextList, Timestamp, VersionedRow } from './columns';

export type BenchmarkRunState = 'running' | 'completed' | 'capped' | 'cancelled' | 'failed';

/** One run of a suite of checkable tasks on some models, through port 4000. */
@Entity('benchmark_runs')
@Index('benchmark_runs_created_at_idx', ['createdAt'])
export class BenchmarkRunEntity extends VersionedRow {
  @Column({ type: 'text' })
  suite!: string;

  @TextList()
  models!: string[];

  /** With this key it calls, so its limits and its workspace's keys count. */
  @Column({ type: 'text', name: 'virtual_key_id' })
  virtualKeyId!: string;

  @Column({ type: 'text' })
  trigger!: string;

  @Column({ type: 'text' })
  state!: BenchmarkRunState;

  @Column({ type: 'bigint', name: 'cap_nano_usd' })
  capNanoUsd!: string;

  @Column({ type: 'bigint', name: 'spent_nano_usd', default: 0 })
  spentNanoUsd!: string;

  @JsonObject()
  progress!: Record<string, unknown>;

  @Column({ type: 'text', nullable: true })
  problem!: string | null;

  @Timestamp({ name: 'ended_at', nullable: true })
  endedAt!: Date | null;
}
