import { Column, Entity, Index } from 'typeorm';
import { Timestamp, VersionedRow } from './columns';

export type QualityScoreState = 'proposed' | 'in_force' | 'rejected' | 'replaced';

/** How good a model is, where somebody decided otherwise than the table that comes with the product. */
@Entity('quality_scores')
@Index('quality_scores_in_force_key', ['subject'], { unique: true, where: "state = 'in_force'" })
@Index('quality_scores_state_idx', ['state', 'id'])
export class QualityScoreEntity extends VersionedRow {
  /** A public model's name, or the id of a catalogue entry. */
  @Column({ type: 'text' })
  subject!: string;

  /** From 0 to 1. */
  @Column({ type: 'numeric', precision: 6, scale: 5 })
  score!: string;

  @Column({ type: 'text' })
  state!: QualityScoreState;

  /** admin, or benchmark. */
  @Column({ type: 'text' })
  source!: string;

  @Column({ type: 'text', nullable: true })
  note!: string | null;

  @Column({ type: 'text', name: 'benchmark_run_id', nullable: true })
  benchmarkRunId!: string | null;

  @Timestamp({ name: 'decided_at', nullable: true })
  decidedAt!: Date | null;

  @Column({ type: 'text', name: 'decided_by', nullable: true })
  decidedBy!: string | null;
}
