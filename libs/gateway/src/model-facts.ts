import { z } from 'zod';

/**
 * Prices are whole pico-dollars (1e-12 USD) per token, which are micro-dollars per million tokens: the cheapest models cost parts of
 * a nano-dollar per token. null: no price is known, which is never the same as free.
 */
const picoUsd = z.int().min(0).max(1e12).nullable().default(null);

/** No price list that is known has more than three. */
export const mostPriceTiers = 10;

/**
 * The prices of a request whose prompt, cached parts too, has more tokens than that: of all its tokens, as Google, Anthropic and
 * OpenAI charge it. null: as for shorter prompts.
 */
const priceTier = z.object({
  above_prompt_tokens: z.int().min(0).max(1e9),
  input: picoUsd,
  output: picoUsd,
  cache_read: picoUsd,
  cache_write: picoUsd,
});
export type PriceTier = z.infer<typeof priceTier>;

export const tokenPrices = z.object({
  input: picoUsd,
  output: picoUsd,
  /** Parts of the prompt that the provider had cached, and those that it puts into its cache. null: as the input. */
  cache_read: picoUsd,
  cache_write: picoUsd,
  /** For each call, whatever its size; in pico-dollars. */
  request: picoUsd,
  /** The shortest prompts first. Left out: the length does not matter. */
  long_prompt: z.array(priceTier).max(mostPriceTiers).optional(),
});
export type TokenPrices = z.infer<typeof tokenPrices>;

const yesOrNo = z.boolean().nullable();
const tokens = z.int().positive().max(1e9).nullable();
const modalities = z.array(z.string().min(1).max(32)).max(16).nullable();
const firstByteMs = z.int().positive().max(3_600_000).nullable();

/**
 * What is known of a model behind one deployment. null: nobody knows. A rule about what the model can do lets that pass; one about
 * where the data goes, or what it costs, does not.
 */
export const deploymentFacts = z.object({
  /** Its entry of the catalogue. */
  catalogue_id: z.string().max(512).nullable().default(null),
  prices: tokenPrices.nullable().default(null),
  /** manual, litellm, openrouter_endpoint, openrouter. */
  price_source: z.string().max(64).nullable().default(null),
  context_length: tokens.default(null),
  max_output_tokens: tokens.default(null),
  /** text, image, audio, file, video. null: unknown. */
  input_modalities: modalities.default(null),
  output_modalities: modalities.default(null),
  tools: yesOrNo.default(null),
  json_mode: yesOrNo.default(null),
  json_schema: yesOrNo.default(null),
  /** From 0 to 1. */
  quality: z.number().min(0).max(1).nullable().default(null),
  /** Where that figure comes from: admin, benchmark, table, model_size ... */
  quality_source: z.string().max(64).nullable().default(null),
  /** Of the operator's own machines. */
  local: z.boolean().default(false),
  /** Costs nothing: prices are 0 by somebody's word. */
  free: z.boolean().default(false),
  /** Such as eu, us. null: unknown. */
  region: z.string().max(32).nullable().default(null),
  /** The provider keeps nothing. */
  zero_data_retention: yesOrNo.default(null),
  /** The provider may train on what it is sent. */
  trains_on_data: yesOrNo.default(null),
  /** What is expected until traffic says better. */
  prior_first_byte_ms: firstByteMs.default(null),
});
export type DeploymentFacts = z.infer<typeof deploymentFacts>;

export const unknownFacts: DeploymentFacts = deploymentFacts.parse({});

/** What an admin says of a provider, a model or a deployment; the nearer to the deployment, the stronger. What is left out stays; null takes back. */
export const statedFacts = z
  .strictObject({
    catalogue_id: z.string().min(1).max(512).nullable(),
    prices: tokenPrices.nullable(),
    context_length: tokens,
    max_output_tokens: tokens,
    input_modalities: modalities,
    output_modalities: modalities,
    tools: yesOrNo,
    json_mode: yesOrNo,
    json_schema: yesOrNo,
    /** Of a model of one's own, or a copy that was made smaller; docs/quality.md has the usual way. */
    quality: z.number().min(0).max(1).nullable(),
    local: yesOrNo,
    free: yesOrNo,
    region: z.string().min(1).max(32).nullable(),
    zero_data_retention: yesOrNo,
    trains_on_data: yesOrNo,
    prior_first_byte_ms: firstByteMs,
  })
  .partial();
export type StatedFacts = z.infer<typeof statedFacts>;

/** What is stated after a change: what it leaves out stays, and null takes back. */
export function withStated(stated: Readonly<Record<string, unknown>>, change: StatedFacts): StatedFacts {
  const all = Object.entries({ ...stated, ...change });
  return Object.fromEntries(all.filter(([, value]) => value !== null && value !== undefined));
}
