import type { ModelMode } from '@signalbox/database';
import { z } from 'zod';
import type { SourceEntry } from '../merge/catalogue.types';
import { statedPrice } from '../merge/price-texts';
import { day } from '../sources/day';
import { isStorable } from '../sources/storable';

const longestId = 300;
const list = z.array(z.string().max(100)).max(100);
const count = z.int().positive().max(1e9).nullish().catch(null);
const date = z
  .string()
  .transform((text) => text.slice(0, 'YYYY-MM-DD'.length))
  .pipe(day)
  .nullish()
  .catch(null);

/** What is read of a model; what is not read may be whatever it likes, or missing (openrouter.ai/docs/api-reference/list-available-models). */
const model = z.object({
  id: z
    .string()
    .min(1)
    .max(longestId)
    .regex(/^[^\s]+$/),
  name: z.string().min(1).max(300),
  canonical_slug: z.string().max(300).nullish(),
  hugging_face_id: z.string().max(300).nullish(),
  created: z.number().nullish(),
  knowledge_cutoff: z.string().max(40).nullish(),
  context_length: count,
  expiration_date: date,
  alias_target: z
    .object({ slug: z.string().max(300) })
    .nullish()
    .catch(null),
  architecture: z
    .object({
      input_modalities: list.nullish(),
      output_modalities: list.nullish(),
      tokenizer: z.string().max(100).nullish(),
    })
    .nullish(),
  top_provider: z.object({ max_completion_tokens: count, is_moderated: z.boolean().nullish() }).nullish(),
  supported_parameters: list.nullish(),
  reasoning: z.record(z.string(), z.unknown()).nullish(),
  pricing: z.record(z.string(), z.unknown()),
});

/** OpenRouter's names of prices, and ours. */
const openrouterPriceNames: Readonly<Record<string, string>> = {
  prompt: 'input',
  completion: 'output',
  input_cache_read: 'cache_read',
  input_cache_write: 'cache_write',
  input_cache_write_1h: 'cache_write_1h',
  internal_reasoning: 'reasoning',
  request: 'request',
  image: 'image',
  image_token: 'image_token',
  image_output: 'image_output',
  audio: 'audio',
  audio_output: 'audio_output',
  input_audio_cache: 'audio_cache_read',
  web_search: 'web_search',
};

export type ParsedModel =
  | { readonly entry: SourceEntry }
  /** The id of what could not be read; null: not even that. */
  | { readonly malformed: string | null };

export function parseOpenrouterModel(raw: unknown): ParsedModel {
  const parsed = model.safeParse(raw);
  const entry = parsed.success ? toEntry(parsed.data) : null;
  if (entry && isStorable(entry)) return { entry };
  const id = (raw as { id?: unknown } | null)?.id;
  const isId = typeof id === 'string' && id.length <= longestId && isStorable(id);
  return { malformed: isId ? id : null };
}

function toEntry(stated: z.infer<typeof model>): SourceEntry {
  const outputs = stated.architecture?.output_modalities ?? null;
  const vendor = (stated.id.split('/')[0] ?? stated.id).replace(/^~/, '');
  return {
    id: stated.id,
    name: stated.name,
    vendor,
    mode: modeOf(outputs),
    fields: withoutNulls(fieldsOf(stated)),
    expiresOn: stated.expiration_date ?? null,
    offers: [{ provider: 'openrouter', source: 'openrouter', price: openrouterPrice(stated.pricing) }],
  };
}

export function openrouterPrice(pricing: Readonly<Record<string, unknown>>): ReturnType<typeof statedPrice> {
  const overrides = Array.isArray(pricing['overrides']) ? (pricing['overrides'] as unknown[]) : [];
  const objects = overrides.filter((one): one is Record<string, unknown> => typeof one === 'object' && !!one);
  return statedPrice(pricing, openrouterPriceNames, objects);
}

/** A model that also writes is called like a chat; the others only make what they are named for. */
function modeOf(outputs: readonly string[] | null): ModelMode {
  if (!outputs || outputs.length === 0 || outputs.includes('text')) return 'chat';
  if (outputs.includes('embeddings')) return 'embedding';
  if (outputs.includes('rerank')) return 'rerank';
  if (outputs.includes('image')) return 'image_generation';
  if (outputs.includes('transcription')) return 'audio_transcription';
  return outputs.includes('audio') || outputs.includes('speech') ? 'audio_speech' : 'chat';
}

function fieldsOf(stated: z.infer<typeof model>): Record<string, unknown> {
  const parameters = stated.supported_parameters ? [...stated.supported_parameters].sort() : null;
  const supports = (name: string): boolean | null => parameters?.includes(name) ?? null;
  return {
    context_length: stated.context_length,
    max_output_tokens: stated.top_provider?.max_completion_tokens,
    input_modalities: stated.architecture?.input_modalities,
    output_modalities: stated.architecture?.output_modalities,
    tools: supports('tools'),
    json_mode: supports('response_format'),
    json_schema: supports('structured_outputs'),
    reasoning: stated.reasoning ? true : supports('reasoning'),
    supported_parameters: parameters,
    tokenizer: stated.architecture?.tokenizer,
    moderated: stated.top_provider?.is_moderated,
    canonical_slug: stated.canonical_slug,
    hugging_face_id: stated.hugging_face_id === '' ? null : stated.hugging_face_id,
    knowledge_cutoff: stated.knowledge_cutoff,
    created: stated.created,
    alias_of: stated.alias_target?.slug,
  };
}

function withoutNulls(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  );
}
