import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { CatalogueSyncEntity } from './catalogue-sync.entity';

/** What a sync has fetched and not yet merged. */
@Entity('catalogue_staged')
export class CatalogueStagedEntity {
  @PrimaryColumn({ type: 'text', name: 'sync_id' })
  syncId!: string;

  @ManyToOne(() => CatalogueSyncEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'sync_id', foreignKeyConstraintName: 'catalogue_staged_sync_id_fkey' })
  sync?: Relation<CatalogueSyncEntity>;

  @PrimaryColumn({ type: 'text' })
  source!: string;

  @PrimaryColumn({ type: 'text' })
  key!: string;

  @Column({ type: 'jsonb' })
  document!: Record<string, unknown>;
}
