import { Column, Entity, Index } from 'typeorm';
import { JsonObject, LimitedRow, Timestamp } from './columns';

@Entity('organizations')
@Index('organizations_purpose_key', ['purpose'], {
  unique: true,
  where: '"purpose" IS NOT NULL AND "deleted_at" IS NULL',
})
export class OrganizationEntity extends LimitedRow {
  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'boolean', default: false })
  blocked!: boolean;

  /** Whether the platform's provider keys may pay for its calls, within the policy of each workspace. */
  @Column({ type: 'boolean', name: 'platform_credentials', default: true })
  platformCredentials!: boolean;

  /** Gives the limits that the row does not set itself. null: none. */
  @Column({ type: 'text', name: 'rate_limit_tier', nullable: true })
  rateLimitTier!: string | null;

  /** What its workspaces' routing policies leave out: a part of a policy. */
  @JsonObject()
  routing!: Record<string, unknown>;

  @JsonObject()
  metadata!: Record<string, unknown>;

  /** Of the platform's own, such as benchmarks: no customer, and in no figures of customers. null: everybody else. */
  @Column({ type: 'text', nullable: true })
  purpose!: string | null;

  @Timestamp({ name: 'deleted_at', nullable: true })
  deletedAt!: Date | null;
}
