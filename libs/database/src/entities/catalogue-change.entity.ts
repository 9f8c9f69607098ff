import { Column, Entity, Index } from 'typeorm';
import { Timestamp, VersionedRow } from './columns';

export type CatalogueChangeState = 'waiting' | 'approved' | 'rejected' | 'superseded';

/** A change that looks wrong: it waits for a person, and what was good before stays in force. */
@Entity('catalogue_changes')
@Index('catalogue_changes_waiting_key', ['fingerprint'], { unique: true, where: "state = 'waiting'" })
@Index('catalogue_changes_state_idx', ['state', 'id'])
export class CatalogueChangeEntity extends VersionedRow {
  @Column({ type: 'text', name: 'sync_id' })
  syncId!: string;

  /** null: it is about the whole catalogue. */
  @Column({ type: 'text', name: 'entry_id', nullable: true })
  entryId!: string | null;

  @Column({ type: 'text', nullable: true })
  provider!: string | null;

  /** Its kind, such as price_jump. */
  @Column({ type: 'text' })
  anomaly!: string;

  @Column({ type: 'text' })
  detail!: string;

  @Column({ type: 'jsonb', nullable: true })
  before!: Record<string, unknown> | null;

  @Column({ type: 'jsonb', nullable: true })
  after!: Record<string, unknown> | null;

  /** Of what it would change and into what: the same one is held once, however often it is seen. */
  @Column({ type: 'text' })
  fingerprint!: string;

  @Column({ type: 'text' })
  state!: CatalogueChangeState;

  @Timestamp({ name: 'decided_at', nullable: true })
  decidedAt!: Date | null;

  @Column({ type: 'text', name: 'decided_by', nullable: true })
  decidedBy!: string | null;
}
