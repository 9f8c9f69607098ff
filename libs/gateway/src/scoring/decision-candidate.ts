import { z } from 'zod';
import { mostPriceTiers, type PriceTier, type TokenPrices, unknownFacts } from '../model-facts';
import { cachedPermilleOf, errorPermilleOf, firstByteMsOf, weightCentsOf } from './candidate-figures';
import type { ScoringCandidate } from './scoring.types';

const flag = { local: 1, free: 2, keepsNothing: 4, keeps: 8, trains: 16, trainsNot: 32, priced: 64 } as const;

const text = z.string().max(512);
const amount = z.int().nonnegative();
const price = amount.nullable();
/** From which length of the prompt on, and the prices of prompt, answer and cached tokens there. */
const tier = z.tuple([amount, price, price, price]);

/**
 * One candidate of a decision, as the whole numbers that its score was made of: model, deployment, prices of prompt and answer
 * (pico-dollars per token), first byte, errors and quality (permille), flags, provider's kind, hundredths of calls that are known;
 * then, where there are some, the prices of cached tokens and of a call, and the region; which part of prompts was cached (permille);
 * and where long prompts have other prices, those.
 */
export const decisionCandidate = z.tuple([
  text,
  text,
  price,
  price,
  amount,
  amount,
  price,
  amount,
  text,
  amount,
  price,
  price,
  text.nullable(),
  amount,
  z.array(tier).max(mostPriceTiers).optional(),
]);
export type DecisionCandidate = z.infer<typeof decisionCandidate>;

function flagsOf({ facts }: ScoringCandidate): number {
  const { local, free, zero_data_retention: keepsNothing, trains_on_data: trains } = facts;
  return (
    (local ? flag.local : 0) |
    (free ? flag.free : 0) |
    (keepsNothing === true ? flag.keepsNothing : 0) |
    (keepsNothing === false ? flag.keeps : 0) |
    (trains === true ? flag.trains : 0) |
    (trains === false ? flag.trainsNot : 0) |
    (facts.prices === null ? 0 : flag.priced)
  );
}

/** null: neither is set. */
function answerOf(flags: number, yes: number, no: number): boolean | null {
  if (flags & yes) return true;
  return flags & no ? false : null;
}

export function encodeCandidate(candidate: ScoringCandidate): DecisionCandidate {
  const { model, deployment, facts } = candidate;
  const { prices, quality, region } = facts;
  return [
    model,
    deployment.id,
    prices?.input ?? null,
    prices?.output ?? null,
    firstByteMsOf(candidate),
    errorPermilleOf(candidate),
    quality === null ? null : Math.round(quality * 1_000),
    flagsOf(candidate),
    deployment.provider_kind,
    weightCentsOf(candidate),
    prices?.cache_read ?? null,
    prices?.request ?? null,
    region,
    cachedPermilleOf(candidate),
    ...tiersOf(prices),
  ];
}

function tiersOf(prices: TokenPrices | null): [] | [z.infer<typeof tier>[]] {
  const tiers = prices?.long_prompt ?? [];
  if (tiers.length === 0) return [];
  return [
    tiers.map(({ above_prompt_tokens: above, input, output, cache_read }) => [
      above,
      input,
      output,
      cache_read,
    ]),
  ];
}

function pricesOf(encoded: DecisionCandidate): TokenPrices | null {
  const [, , input, output, , , , flags, , , cacheRead, request, , , tiers] = encoded;
  if (!(flags & flag.priced)) return null;
  const usual = { input, output, cache_read: cacheRead, cache_write: null, request };
  return tiers === undefined ? usual : { ...usual, long_prompt: tiers.map(tierFrom) };
}

function tierFrom([above, input, output, cacheRead]: z.infer<typeof tier>): PriceTier {
  return { above_prompt_tokens: above, input, output, cache_read: cacheRead, cache_write: null };
}

/**
 * One that scores as the encoded one did. It was able to do what the request asked, or it would not have been kept; so nothing is
 * known of its abilities, and nothing of its key.
 */
export function decodeCandidate(encoded: DecisionCandidate): ScoringCandidate {
  const [model, id, , , firstByteMs, errors, quality, flags, kind, weightCents, , , region, cached] = encoded;
  return {
    model,
    mode: null,
    deployment: {
      id,
      provider_id: '',
      provider_kind: kind,
      needs_key: false,
      credential_id: null,
      weight: 1,
      order: 0,
      upstream_model: null,
      base_url: null,
    },
    credential: null,
    facts: {
      ...unknownFacts,
      prices: pricesOf(encoded),
      quality: quality === null ? null : quality / 1_000,
      local: (flags & flag.local) !== 0,
      free: (flags & flag.free) !== 0,
      region,
      zero_data_retention: answerOf(flags, flag.keepsNothing, flag.keeps),
      trains_on_data: answerOf(flags, flag.trains, flag.trainsNot),
      prior_first_byte_ms: firstByteMs,
    },
    performance: {
      firstByteMs: null,
      errorRate: errors / 1_000,
      cachedShare: cached / 1_000,
      weight: weightCents / 100,
    },
    isBreakerOpen: false,
  };
}
