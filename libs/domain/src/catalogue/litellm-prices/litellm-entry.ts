import { type ModelMode, modelModes } from '@signalbox/database';
import { z } from 'zod';
import type { PriceOffer, SourceEntry, StatedPrice } from '../merge/catalogue.types';
import { vendorOfKind } from '../merge/model-names';
import { statedPrice } from '../merge/price-texts';
import { day } from '../sources/day';
import { isStorable } from '../sources/storable';

/** litellm_provider, and our kind of provider; the others are of the kind `litellm`. */
const kindOfProvider: Readonly<Record<string, string>> = {
  openai: 'openai',
  'text-completion-openai': 'openai',
  anthropic: 'anthropic',
  gemini: 'google',
  cohere: 'cohere',
  cohere_chat: 'cohere',
  mistral: 'mistral',
  perplexity: 'perplexity',
  groq: 'groq',
  together_ai: 'together',
  fireworks_ai: 'fireworks',
  ollama: 'ollama',
  huggingface: 'huggingface',
};
/** Its own catalogue is fetched, and is newer than what a package brought along. */
const ignoredProviders: ReadonlySet<string> = new Set(['openrouter']);
/** The file's own explanation of its form, and rules for names that are not in it (LiteLLM 1.103.1). */
const noModels: ReadonlySet<string> = new Set(['sample_spec', 'fallback_generalizations']);
/** Most keys have the provider's name before the model's own; gpt-4o and its like have not. */
const ownPrefix = new RegExp(`^(?:${Object.keys(kindOfProvider).join('|')})/`);

const litellmPriceNames: Readonly<Record<string, string>> = {
  input_cost_per_token: 'input',
  output_cost_per_token: 'output',
  cache_read_input_token_cost: 'cache_read',
  cache_creation_input_token_cost: 'cache_write',
  cache_creation_input_token_cost_above_1hr: 'cache_write_1h',
  output_cost_per_reasoning_token: 'reasoning',
  input_cost_per_request: 'request',
  input_cost_per_query: 'request',
  input_cost_per_image: 'image',
  input_cost_per_image_token: 'image_token',
  output_cost_per_image: 'image_output',
  input_cost_per_audio_token: 'audio',
  output_cost_per_audio_token: 'audio_output',
  input_cost_per_second: 'audio_second',
};
const overrideForm =
  /^(input_cost_per_token|output_cost_per_token|cache_read_input_token_cost|cache_creation_input_token_cost)_above_(\d{2,4})k_tokens$/;

/** Whose `above` takes in the length itself: _INCLUSIVE_THRESHOLD_PROVIDERS of LiteLLM's llm_cost_calc/utils.py. */
const inclusiveProviders: ReadonlySet<string> = new Set(['xai']);

const tokens = z
  .union([
    z.int().positive(),
    z
      .string()
      .regex(/^\d{1,9}$/)
      .transform(Number),
  ])
  .nullish()
  .catch(null);
const flag = z.boolean().nullish().catch(null);
const form = z.looseObject({
  litellm_provider: z.string().min(1).max(100),
  mode: z.string().max(40).nullish(),
  max_input_tokens: tokens,
  max_output_tokens: tokens,
  max_tokens: tokens,
  deprecation_date: day.nullish().catch(null),
  supported_modalities: z.array(z.string().max(32)).max(16).nullish().catch(null),
  supported_output_modalities: z.array(z.string().max(32)).max(16).nullish().catch(null),
  supports_function_calling: flag,
  supports_response_schema: flag,
  supports_reasoning: flag,
  supports_vision: flag,
  supports_audio_input: flag,
  supports_pdf_input: flag,
});
type Stated = z.infer<typeof form>;

/** A model of the price map: of this provider, under that name. */
export interface LitellmEntry extends SourceEntry {
  readonly kind: string;
  readonly upstreamModel: string;
}

/** skipped: not one that we could call. */
export type ParsedLitellmEntry = { readonly entry: LitellmEntry } | 'skipped' | 'malformed';

/** @param wanted keys of the map that are used here, of providers that have no kind of their own */
export function parseLitellmEntry(
  key: string,
  raw: unknown,
  wanted: ReadonlySet<string>,
): ParsedLitellmEntry {
  if (noModels.has(key)) return 'skipped';
  const parsed = form.safeParse(raw);
  if (!parsed.success || key.length > 300 || !isStorable([key, parsed.data])) return 'malformed';
  const stated = parsed.data;
  if (ignoredProviders.has(stated.litellm_provider)) return 'skipped';
  const mode = modeOf(stated.mode);
  const kind = kindOfProvider[stated.litellm_provider] ?? (wanted.has(key) ? 'litellm' : null);
  if (!mode || kind === null) return 'skipped';
  const vendor = vendorOfKind[kind];
  const upstreamModel = vendor === undefined ? key : key.replace(ownPrefix, '');
  return {
    entry: {
      id: litellmEntryId(kind, upstreamModel),
      name: upstreamModel,
      vendor: vendor ?? stated.litellm_provider,
      mode,
      fields: fieldsOf(stated),
      expiresOn: stated.deprecation_date ?? null,
      offers: [{ provider: kind, source: 'litellm', price: priceOf(stated, kind) } satisfies PriceOffer],
      kind,
      upstreamModel,
    },
  };
}

/** Of an entry of its own, that is, while OpenRouter has no model of that name. */
export function litellmEntryId(kind: string, upstreamModel: string): string {
  const vendor = vendorOfKind[kind];
  return vendor === undefined ? upstreamModel : `${vendor}/${upstreamModel}`;
}

function modeOf(mode: string | null | undefined): ModelMode | null {
  return modelModes.find((known) => known === (mode ?? 'chat')) ?? null;
}

/** A 0 of the map mostly says that nobody filled the price in: it is no price, but for servers of one's own. */
function priceOf(stated: Stated, kind: string): StatedPrice {
  const price = statedPrice(stated, litellmPriceNames, overridesOf(stated));
  if (price.state !== 'known' || kind === 'ollama') return price;
  const isFilledIn = Object.values(price.texts).some((text) => typeof text === 'string' && text !== '0');
  return isFilledIn ? price : { state: 'absent' };
}

function overridesOf(stated: Stated): Record<string, unknown>[] {
  const byThreshold = new Map<number, Record<string, unknown>>();
  for (const [name, value] of Object.entries(stated)) {
    const [, base, thousands] = overrideForm.exec(name) ?? [];
    if (base === undefined || value === null || value === undefined) continue;
    const threshold = Number(thousands) * 1_000 - (inclusiveProviders.has(stated.litellm_provider) ? 1 : 0);
    byThreshold.set(threshold, {
      ...(byThreshold.get(threshold) ?? { min_prompt_tokens: threshold }),
      [base]: value,
    });
  }
  return [...byThreshold].sort(([left], [right]) => left - right).map(([, override]) => override);
}

function fieldsOf(stated: Stated): Record<string, unknown> {
  const known: Record<string, unknown> = {
    context_length: stated.max_input_tokens ?? stated.max_tokens,
    max_output_tokens: stated.max_output_tokens,
    input_modalities: stated.supported_modalities ?? seen(stated),
    output_modalities: stated.supported_output_modalities,
    tools: stated.supports_function_calling,
    json_schema: stated.supports_response_schema,
    reasoning: stated.supports_reasoning,
  };
  return Object.fromEntries(
    Object.entries(known).filter(([, value]) => value !== null && value !== undefined),
  );
}

/** Nothing said of pictures does not mean that there are none. */
function seen(stated: Stated): string[] | null {
  if (!stated.supports_vision) return null;
  const more: [string, boolean | null | undefined][] = [
    ['audio', stated.supports_audio_input],
    ['file', stated.supports_pdf_input],
  ];
  return ['text', 'image', ...more.filter(([, has]) => has).map(([name]) => name)];
}
