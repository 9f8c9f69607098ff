import { Column, Entity } from 'typeorm';
import { JsonObject, VersionedRow } from './columns';

/** The id of the only row. */
export const factsDocumentRowId = 'current';

/**
 * What is known of every deployment (libs/gateway model-facts.ts), merged from the catalogue and what admins say. It can be made anew
 * at any time; it is kept for its version, by which an edge knows the newer of two documents.
 */
@Entity('facts_documents')
export class FactsDocumentEntity extends VersionedRow {
  /** Of the deployments: equal means that nothing is to be written. */
  @Column({ type: 'text' })
  fingerprint!: string;

  /** By the deployment's id. */
  @JsonObject()
  deployments!: Record<string, unknown>;
}
