import { Column, Entity, Index, JoinColumn, ManyToOne, type Relation } from 'typeorm';
import { JsonObject, VersionedRow } from './columns';
import { CredentialEntity } from './credential.entity';
import { ModelEntity } from './model.entity';
import { ProviderEntity } from './provider.entity';

/** One way to reach a model (an entry of LiteLLM's model_list, whose model_info.id is this row's id). */
@Entity('deployments')
@Index('deployments_model_id_idx', ['modelId', 'id'])
@Index('deployments_provider_id_idx', ['providerId'])
@Index('deployments_credential_id_idx', ['credentialId'])
export class DeploymentEntity extends VersionedRow {
  @Column({ type: 'text', name: 'model_id' })
  modelId!: string;

  @ManyToOne(() => ModelEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'model_id', foreignKeyConstraintName: 'deployments_model_id_fkey' })
  model?: Relation<ModelEntity>;

  @Column({ type: 'text', name: 'provider_id' })
  providerId!: string;

  @ManyToOne(() => ProviderEntity)
  @JoinColumn({ name: 'provider_id', foreignKeyConstraintName: 'deployments_provider_id_fkey' })
  provider?: Relation<ProviderEntity>;

  @Column({ type: 'text', name: 'credential_id', nullable: true })
  credentialId!: string | null;

  @ManyToOne(() => CredentialEntity)
  @JoinColumn({ name: 'credential_id', foreignKeyConstraintName: 'deployments_credential_id_fkey' })
  credential?: Relation<CredentialEntity>;

  /** The provider's own name of the model, without LiteLLM's prefix. */
  @Column({ type: 'text', name: 'upstream_model' })
  upstreamModel!: string;

  /** Wins over the provider's. */
  @Column({ type: 'text', name: 'base_url', nullable: true })
  baseUrl!: string | null;

  /** Further litellm_params, from a list of allowed names (see libs/domain config-releases). */
  @JsonObject({ name: 'litellm_params' })
  litellmParams!: Record<string, unknown>;

  @Column({ type: 'boolean', default: true })
  enabled!: boolean;

  /** What an admin knows better than the catalogue, such as prices agreed upon: libs/gateway model-facts.ts. */
  @JsonObject()
  facts!: Record<string, unknown>;
}
