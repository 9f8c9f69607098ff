import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { BenchmarkRunEntity } from './benchmark-run.entity';

export type BenchmarkResultState = 'waiting' | 'done' | 'failed' | 'skipped';

/** One task on one model. */
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

  @Column({ type: 'text', nullable: true })
  detail!: string | null;
}
