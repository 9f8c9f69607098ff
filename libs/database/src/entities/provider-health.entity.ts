import { Column, Entity, JoinColumn, OneToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Timestamp } from './columns';
import { ProviderEntity } from './provider.entity';

export type ProviderHealthState = 'healthy' | 'degraded' | 'down' | 'unknown';

/** What is known of a provider at the moment. */
@Entity('provider_health')
export class ProviderHealthEntity {
  @PrimaryColumn({ type: 'text', name: 'provider_id' })
  providerId!: string;

  @OneToOne(() => ProviderEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'provider_id', foreignKeyConstraintName: 'provider_health_provider_id_fkey' })
  provider?: Relation<ProviderEntity>;

  @Column({ type: 'text' })
  state!: ProviderHealthState;

  /** traffic, or probe. */
  @Column({ type: 'text' })
  source!: string;

  @Column({ type: 'text', nullable: true })
  detail!: string | null;

  @Column({ type: 'int', name: 'latency_ms', nullable: true })
  latencyMs!: number | null;

  /** From 0 to 1; null: nobody called. */
  @Column({ type: 'numeric', name: 'error_rate', precision: 6, scale: 5, nullable: true })
  errorRate!: string | null;

  @Column({ type: 'int', nullable: true })
  requests!: number | null;

  @Timestamp({ name: 'checked_at' })
  checkedAt!: Date;
}
