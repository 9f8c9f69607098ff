import { z } from 'zod';
import type { PriceOffer, PriceTexts } from '../merge/catalogue.types';
import { compareDecimals } from '../merge/exact-decimal';
import { openrouterPrice } from './openrouter-model';

const endpoint = z.object({
  tag: z.string().min(1).max(200),
  pricing: z.record(z.string(), z.unknown()),
});
const answer = z.object({ data: z.object({ endpoints: z.array(z.unknown()).max(1_000) }) });

/** OpenRouter's slugs of providers (the first part of an endpoint's tag), and our kinds. */
const kindOfSlug: Readonly<Record<string, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  'google-ai-studio': 'google',
  cohere: 'cohere',
  mistral: 'mistral',
  perplexity: 'perplexity',
  groq: 'groq',
  together: 'together',
  fireworks: 'fireworks',
};

/**
 * What each provider of our table asks for a model. Where one has several endpoints (regions, quantizations), the dearest counts: a cost
 * may be less than was expected, and never more.
 * @returns null for an answer of another form
 */
export function parseEndpoints(raw: unknown): PriceOffer[] | null {
  const parsed = answer.safeParse(raw);
  if (!parsed.success) return null;
  const offers = new Map<string, PriceOffer>();
  for (const one of parsed.data.data.endpoints) {
    const stated = endpoint.safeParse(one);
    if (!stated.success) continue;
    const provider = kindOfSlug[stated.data.tag.split('/')[0] ?? ''];
    if (provider === undefined) continue;
    const price = openrouterPrice(stated.data.pricing);
    const offer: PriceOffer = { provider, source: 'openrouter_endpoint', price };
    const known = offers.get(provider);
    if (!known || isDearer(offer, known)) offers.set(provider, offer);
  }
  return [...offers.values()].sort((left, right) => (left.provider < right.provider ? -1 : 1));
}

/** By what an answer costs, then by the prompt; where these are the same, by what they cost under a condition. */
function isDearer(left: PriceOffer, right: PriceOffer): boolean {
  if (left.price.state !== 'known') return false;
  if (right.price.state !== 'known') return true;
  const [mine, others] = [left.price.texts, right.price.texts];
  for (const priceOf of [usualPrice, dearestOverride]) {
    for (const component of ['output', 'input']) {
      const difference = compareDecimals(priceOf(mine, component), priceOf(others, component));
      if (difference !== 0) return difference > 0;
    }
  }
  return false;
}

function usualPrice(texts: PriceTexts, component: string): string {
  const text = texts[component];
  return typeof text === 'string' ? text : '0';
}

function dearestOverride({ overrides = [] }: PriceTexts, component: string): string {
  const prices = overrides.map((override) => override[component]);
  const texts = prices.filter((text): text is string => typeof text === 'string');
  return texts.reduce((dearest, text) => (compareDecimals(text, dearest) > 0 ? text : dearest), '0');
}
