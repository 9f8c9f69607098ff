import { Column, Entity } from 'typeorm';
import { JsonObject, Timestamp, VersionedRow } from './columns';

@Entity('organizations')
export class OrganizationEntity extends VersionedRow {
  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'boolean', default: false })
  blocked!: boolean;

  /** Whether the platform's provider keys may pay for its calls, within the policy of each workspace. */
  @Column({ type: 'boolean', name: 'platform_credentials', default: true })
  platformCredentials!: boolean;

  @JsonObject()
  metadata!: Record<string, unknown>;

  @Timestamp({ name: 'deleted_at', nullable: true })
  deletedAt!: Date | null;
}
