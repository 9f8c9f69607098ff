import { Column, Entity, Index } from 'typeorm';
import { JsonObject, VersionedRow } from './columns';

export const modelModes = [
  'chat',
  'completion',
  'responses',
  'embedding',
  'image_generation',
  'audio_transcription',
  'audio_speech',
  'rerank',
  'moderation',
] as const;

/** LiteLLM's model_info.mode. */
export type ModelMode = (typeof modelModes)[number];

/** A catalogue entry: the public name that clients ask for (LiteLLM's model group). */
@Entity('models')
@Index('models_name_key', ['name'], { unique: true })
export class ModelEntity extends VersionedRow {
  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text', default: 'chat' })
  mode!: ModelMode;

  @Column({ type: 'text', nullable: true })
  description!: string | null;

  /** Its id at OpenRouter, by which it is reached while LiteLLM is down. */
  @Column({ type: 'text', name: 'openrouter_id', nullable: true })
  openrouterId!: string | null;

  /** A canned answer that needs no provider: shown as such wherever the model is listed. */
  @Column({ type: 'boolean', name: 'is_demo', default: false })
  isDemo!: boolean;

  @Column({ type: 'boolean', default: true })
  enabled!: boolean;

  /** What an admin knows better than the catalogue: libs/gateway model-facts.ts. */
  @JsonObject()
  facts!: Record<string, unknown>;

  @JsonObject()
  metadata!: Record<string, unknown>;
}
