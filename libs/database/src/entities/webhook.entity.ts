import { Column, Entity, Index } from 'typeorm';
import { TextList, VersionedRow } from './columns';

/** Where an organization, or the platform, wants to be told of events. */
@Entity('webhooks')
@Index('webhooks_organization_id_idx', ['organizationId', 'id'])
export class WebhookEntity extends VersionedRow {
  @Column({ type: 'text', name: 'organization_id', nullable: true })
  organizationId!: string | null;

  @Column({ type: 'text' })
  url!: string;

  /** Empty: every event. */
  @TextList()
  events!: string[];

  /** Signs deliveries; shown once. */
  @Column({ type: 'text', name: 'sealed_secret' })
  sealedSecret!: string;

  @Column({ type: 'boolean', default: true })
  enabled!: boolean;

  @Column({ type: 'text', name: 'created_by' })
  createdBy!: string;
}
