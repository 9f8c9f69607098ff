import { Column, Entity, Index } from 'typeorm';
import { JsonObject, TextList, Timestamp, VersionedRow } from './columns';

/** queued: another one runs. capped: the next call could have passed the cap. */
export const benchmarkRunStates = [
  'queued',
  'running',
  'completed',
  'capped',
  'cancelled',
  'failed',
] as const;
export type BenchmarkRunState = (typeof benchmarkRunStates)[number];

/** One run of a suite of checkable tasks on some models, through port 4000. */
@Entity('benchmark_runs')
@Index('benchmark_runs_created_at_idx', ['createdAt'])
@Index('benchmark_runs_one_running_key', ['state'], { unique: true, where: "state = 'running'" })
export class BenchmarkRunEntity extends VersionedRow {
  @Column({ type: 'text' })
  suite!: string;

  @TextList()
  models!: string[];

  /** Each task is asked so often. */
  @Column({ type: 'int', default: 1 })
  samples!: number;

  /** Also models of which nobody knows a price: they count as free. */
  @Column({ type: 'boolean', name: 'allow_unpriced', default: false })
  allowUnpriced!: boolean;

  /** With this key it calls, and nobody else. null: not yet. */
  @Column({ type: 'text', name: 'virtual_key_id', nullable: true })
  virtualKeyId!: string | null;

  @Timestamp({ name: 'key_ended_at', nullable: true })
  keyEndedAt!: Date | null;

  /** schedule, or the token that asked for it. */
  @Column({ type: 'text' })
  trigger!: string;

  @Column({ type: 'text', name: 'schedule_id', nullable: true })
  scheduleId!: string | null;

  @Column({ type: 'text' })
  state!: BenchmarkRunState;

  @Column({ type: 'bigint', name: 'cap_nano_usd' })
  capNanoUsd!: string;

  @Column({ type: 'bigint', name: 'spent_nano_usd', default: 0 })
  spentNanoUsd!: string;

  /** What the calls in flight may cost at most. */
  @Column({ type: 'bigint', name: 'reserved_nano_usd', default: 0 })
  reservedNanoUsd!: string;

  /** The part of what was spent that is the worst case of calls whose end nobody saw. */
  @Column({ type: 'bigint', name: 'unknown_nano_usd', default: 0 })
  unknownNanoUsd!: string;

  /** The worker's turn that works on it: an earlier one that comes back late writes nothing any more. */
  @Column({ type: 'text', nullable: true })
  holder!: string | null;

  @JsonObject()
  progress!: Record<string, unknown>;

  @Column({ type: 'text', nullable: true })
  problem!: string | null;

  @Timestamp({ name: 'started_at', nullable: true })
  startedAt!: Date | null;

  @Timestamp({ name: 'ended_at', nullable: true })
  endedAt!: Date | null;
}
