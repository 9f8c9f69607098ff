import { Column, Entity, Index } from 'typeorm';
import { JsonObject, VersionedRow } from './columns';

/** A vendor or a server that speaks a vendor's dialect. Owned by the platform; every tenant may read it. */
@Entity('providers')
@Index('providers_name_key', ['name'], { unique: true })
export class ProviderEntity extends VersionedRow {
  @Column({ type: 'text' })
  name!: string;

  /** The key of the provider table (openai, anthropic, ..., openai_compatible, demo). */
  @Column({ type: 'text' })
  kind!: string;

  @Column({ type: 'text', name: 'base_url', nullable: true })
  baseUrl!: string | null;

  @Column({ type: 'text', nullable: true })
  description!: string | null;

  @Column({ type: 'boolean', default: true })
  enabled!: boolean;

  /** What an admin knows of all its models: libs/gateway model-facts.ts. */
  @JsonObject()
  facts!: Record<string, unknown>;
}
