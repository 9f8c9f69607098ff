import { Column, Entity, Index } from 'typeorm';
import { JsonObject, Timestamp, VersionedRow } from './columns';
import type { ModelMode } from './model.entity';

/** vanished: a source had it once, and has not now. */
export type CatalogueEntryStatus = 'active' | 'deprecated' | 'vanished';

/** A model of the world, whether or not anybody here uses it. Its id is OpenRouter's (vendor/name), or given by hand. */
@Entity('catalogue_entries')
@Index('catalogue_entries_status_idx', ['status', 'id'])
export class CatalogueEntryEntity extends VersionedRow {
  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text' })
  vendor!: string;

  @Column({ type: 'text' })
  mode!: ModelMode;

  @Column({ type: 'text' })
  status!: CatalogueEntryStatus;

  /** Merged: context_length, max_output_tokens, modalities, tools ...; see libs/gateway model-facts.ts. */
  @JsonObject()
  fields!: Record<string, unknown>;

  /** For each field, where it comes from and since when: {source, at}. */
  @JsonObject()
  provenance!: Record<string, unknown>;

  /** Of all that was merged into it: equal means that nothing is to be written. */
  @Column({ type: 'text' })
  fingerprint!: string;

  /** When its maker takes it away. */
  @Column({ type: 'date', name: 'expires_on', nullable: true })
  expiresOn!: string | null;

  @Timestamp({ name: 'vanished_at', nullable: true })
  vanishedAt!: Date | null;

  /** The entry that is proposed in its place. */
  @Column({ type: 'text', name: 'replacement_id', nullable: true })
  replacementId!: string | null;
}
