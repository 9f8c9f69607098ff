import type { FactName, MergedFacts } from '@signalbox/domain/catalogue';
import {
  formatUsd,
  picoUsdOf,
  type PriceTier,
  statedFacts,
  type StatedFacts,
  type TokenPrices,
} from '@signalbox/gateway';
import type { KnownFactView, LongPromptPricesBody, StatedFactsBody, TokenPricesBody } from './facts.dto';

type PerToken<Price> = Record<'input' | 'output' | 'cache_read' | 'cache_write', Price>;

interface TierView extends PerToken<string | null> {
  above_prompt_tokens: number;
}

interface PricesView extends PerToken<string | null> {
  request: string | null;
  long_prompt?: TierView[];
}

function pico(text: string | null | undefined): number | null {
  return text ? picoUsdOf(text) : null;
}

function usd(picoUsd: number | null): string | null {
  return picoUsd === null ? null : formatUsd(picoUsd);
}

function toPerToken(body: Partial<PerToken<string | null>>): PerToken<number | null> {
  const { input, output, cache_read, cache_write } = body;
  return {
    input: pico(input),
    output: pico(output),
    cache_read: pico(cache_read),
    cache_write: pico(cache_write),
  };
}

function toPerTokenView({
  input,
  output,
  cache_read,
  cache_write,
}: PerToken<number | null>): PerToken<string | null> {
  return {
    input: usd(input),
    output: usd(output),
    cache_read: usd(cache_read),
    cache_write: usd(cache_write),
  };
}

function toTier(body: LongPromptPricesBody): PriceTier {
  return { above_prompt_tokens: body.above_prompt_tokens, ...toPerToken(body) };
}

function toTierView(tier: PriceTier): TierView {
  return { above_prompt_tokens: tier.above_prompt_tokens, ...toPerTokenView(tier) };
}

function toPrices(body: TokenPricesBody): TokenPrices {
  const prices = { ...toPerToken(body), request: pico(body.request) };
  const tiers = body.long_prompt ?? [];
  return tiers.length === 0 ? prices : { ...prices, long_prompt: tiers.map(toTier) };
}

function toPricesView(prices: TokenPrices): PricesView {
  const view = { ...toPerTokenView(prices), request: usd(prices.request) };
  const tiers = prices.long_prompt ?? [];
  return tiers.length === 0 ? view : { ...view, long_prompt: tiers.map(toTierView) };
}

/** The DTO's class has every field, given or not. */
export function toStatedFacts({ prices, ...body }: StatedFactsBody): StatedFacts {
  const given = Object.entries(body).filter(([, value]) => value !== undefined);
  return {
    ...(Object.fromEntries(given) as StatedFacts),
    ...(prices === undefined ? {} : { prices: prices === null ? null : toPrices(prices) }),
  };
}

export function toStatedFactsView(stated: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const read = statedFacts.safeParse(stated);
  if (!read.success) return {};
  const { prices, ...rest } = read.data;
  return { ...rest, ...(prices ? { prices: toPricesView(prices) } : {}) };
}

/** Each fact that is known, with where it is from. */
export function toKnownFactsView(merged: MergedFacts | undefined): Record<string, KnownFactView> {
  if (!merged) return {};
  const { facts, provenance } = merged;
  const known = Object.entries(provenance).map(([name, { source, at, entryId }]) => {
    const value = facts[name as FactName];
    const shown = name === 'prices' && facts.prices ? toPricesView(facts.prices) : value;
    return [name, { value: shown, source, at, catalogue_entry_id: entryId }] as const;
  });
  return Object.fromEntries(known);
}
