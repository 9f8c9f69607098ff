import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { CatalogueEntryEntity } from './catalogue-entry.entity';
import { JsonObject, Timestamp } from './columns';

/** What a provider asks for a model, from one time to another. A price that was in force is never changed. */
@Entity('catalogue_prices')
@Index('catalogue_prices_current_key', ['entryId', 'provider'], {
  unique: true,
  where: 'effective_to IS NULL',
})
@Index('catalogue_prices_entry_id_idx', ['entryId', 'provider', 'effectiveFrom'])
export class CataloguePriceEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text', name: 'entry_id' })
  entryId!: string;

  @ManyToOne(() => CatalogueEntryEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'entry_id', foreignKeyConstraintName: 'catalogue_prices_entry_id_fkey' })
  entry?: Relation<CatalogueEntryEntity>;

  /** A kind of the provider table; `openrouter` is what OpenRouter asks for the model, whoever serves it. */
  @Column({ type: 'text' })
  provider!: string;

  /** Decimal texts in US dollars per token or unit, as the source gave them; see libs/gateway token-prices.ts. */
  @JsonObject()
  prices!: Record<string, unknown>;

  @Column({ type: 'text' })
  source!: string;

  @Timestamp({ name: 'effective_from' })
  effectiveFrom!: Date;

  @Timestamp({ name: 'effective_to', nullable: true })
  effectiveTo!: Date | null;

  @Column({ type: 'text', name: 'sync_id', nullable: true })
  syncId!: string | null;
}
