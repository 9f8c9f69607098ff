import { Column, Entity, Index } from 'typeorm';
import { JsonObject, Timestamp, VersionedRow } from './columns';

export type CatalogueSyncState = 'running' | 'completed' | 'failed';

/** One run that makes the catalogue current; one at a time. Each step can be killed and repeated. */
@Entity('catalogue_syncs')
@Index('catalogue_syncs_one_open_key', ['state'], { unique: true, where: "state = 'running'" })
@Index('catalogue_syncs_created_at_idx', ['createdAt'])
export class CatalogueSyncEntity extends VersionedRow {
  /** schedule, or the token that asked for it. */
  @Column({ type: 'text' })
  trigger!: string;

  @Column({ type: 'text' })
  state!: CatalogueSyncState;

  /** Where it goes on. */
  @Column({ type: 'text' })
  step!: string;

  @JsonObject()
  progress!: Record<string, unknown>;

  /** What it came to: added, changed, unchanged, held, vanished, prices. */
  @JsonObject()
  counts!: Record<string, number>;

  @Column({ type: 'text', nullable: true })
  problem!: string | null;

  @Timestamp({ name: 'next_attempt_at', nullable: true })
  nextAttemptAt!: Date | null;

  @Timestamp({ name: 'ended_at', nullable: true })
  endedAt!: Date | null;
}
