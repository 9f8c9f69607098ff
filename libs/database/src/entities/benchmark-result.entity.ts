import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { BenchmarkRunEntity } from './benchmark-run.entity';

/** calling: its worst case is reserved. failed: there was no answer to judge. skipped: it was not asked. */
export const benchmarkResultStates = ['waiting', 'calling', 'done', 'failed', 'skipped'] as const;
export type BenchmarkResultState = (typeof benchmarkResultStates)[number];

/** One task on one model, asked once. */
@Entity('benchmark_results')
export class BenchmarkResultEntity {
  @PrimaryColumn({ type: 'text', name: 'run_id' })
  runId!: string;

  @ManyToOne(() => BenchmarkRunEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'run_id', foreignKeyConstraintName: 'benchmark_results_run_id_fkey' })
  run?: Relation<BenchmarkRunEntity>;

  @PrimaryColumn({ type: 'text' })
  model!: string;

  @PrimaryColumn({ type: 'text' })
  task!: string;

  @PrimaryColumn({ type: 'int', default: 1 })
  sample!: number;

  /** Of the task in its suite: all models get as far, wherever the cap ends the run. */
  @Column({ type: 'int', default: 0 })
  position!: number;

  @Column({ type: 'int', default: 0 })
  attempts!: number;

  @Column({ type: 'bigint', name: 'reserved_nano_usd', default: 0 })
  reservedNanoUsd!: string;

  @Column({ type: 'text' })
  state!: BenchmarkResultState;

  /** From 0 to 1. */
  @Column({ type: 'numeric', precision: 6, scale: 5, nullable: true })
  score!: string | null;

  @Column({ type: 'int', name: 'first_byte_ms', nullable: true })
  firstByteMs!: number | null;

  @Column({ type: 'int', name: 'duration_ms', nullable: true })
  durationMs!: number | null;

  @Column({ type: 'int', name: 'prompt_tokens', nullable: true })
  promptTokens!: number | null;

  @Column({ type: 'int', name: 'completion_tokens', nullable: true })
  completionTokens!: number | null;

  @Column({ type: 'bigint', name: 'cost_nano_usd', nullable: true })
  costNanoUsd!: string | null;

  /** By which its usage event is found. */
  @Column({ type: 'text', name: 'request_id', nullable: true })
  requestId!: string | null;

  /** Of a failed one: http_500, timeout, cut ... */
  @Column({ type: 'text', nullable: true })
  failure!: string | null;

  @Column({ type: 'text', nullable: true })
  detail!: string | null;
}
