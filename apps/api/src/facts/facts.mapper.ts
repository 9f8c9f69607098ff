import type { FactName, MergedFacts } from '@signalbox/domain/catalogue';
import { formatUsd, picoUsdOf, statedFacts, type StatedFacts, type TokenPrices } from '@signalbox/gateway';
import type { KnownFactView, StatedFactsBody, TokenPricesBody } from './facts.dto';

type PricesView = Record<keyof TokenPrices, string | null>;

function toPrices(body: TokenPricesBody): TokenPrices {
  const pico = (text: string | null | undefined): number | null => (text ? picoUsdOf(text) : null);
  return {
    input: pico(body.input),
    output: pico(body.output),
    cache_read: pico(body.cache_read),
    cache_write: pico(body.cache_write),
    request: pico(body.request),
  };
}

function toPricesView(prices: TokenPrices): PricesView {
  const text = (pico: number | null): string | null => (pico === null ? null : formatUsd(pico));
  return {
    input: text(prices.input),
    output: text(prices.output),
    cache_read: text(prices.cache_read),
    cache_write: text(prices.cache_write),
    request: text(prices.request),
  };
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
