import { Column, Entity, JoinColumn, OneToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Timestamp } from './columns';
import { ProviderEntity } from './provider.entity';

export type ProviderHealthState = 'healthy' | 'degraded' | 'unhealthy' | 'unknown';

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

  /** In a word, for programs. */
  @Column({ type: 'text', default: 'nothing_known' })
  reason!: string;

  /** Of what the state was concluded: traffic, probe, both or none. */
  @Column({ type: 'text' })
  source!: string;

  /** For people. */
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

  /** When this state began. */
  @Timestamp({ name: 'since', default: () => 'now()' })
  since!: Date;

  /** How it can be asked without a call that costs: key, liveness or none. */
  @Column({ type: 'text', name: 'probe_way', default: 'none' })
  probeWay!: string;

  @Column({ type: 'text', name: 'probe_outcome', nullable: true })
  probeOutcome!: string | null;

  @Column({ type: 'text', name: 'probe_detail', nullable: true })
  probeDetail!: string | null;

  @Timestamp({ name: 'probed_at', nullable: true })
  probedAt!: Date | null;

  /** In a row. */
  @Column({ type: 'int', name: 'failed_probes', default: 0 })
  failedProbes!: number;
}
