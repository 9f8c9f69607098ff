import type { PriceTier, TokenPrices } from '@signalbox/gateway';
import type { PriceTexts } from '../merge/catalogue.types';
import { compareDecimals } from '../merge/exact-decimal';
import { componentsOf } from '../merge/price-texts';
import { picoPriceOf } from './pico-price';
import { priceTiersOf } from './price-tiers-of-overrides';

const components = ['input', 'output', 'cache_read', 'cache_write', 'request'] as const;
/** What not every call has: a model is free also where these would cost. */
const occasional: ReadonlySet<string> = new Set(['cache_write_1h', 'web_search']);

/**
 * The catalogue's decimals as whole pico-dollars. Prices of hours of the day and of other units (images, audio) are not in it: nobody
 * counts by them yet.
 * @returns null when none of them is known, or when what a call costs is something else: a picture for $0.04 whose tokens cost nothing (LiteLLM's
 * gemini/lyria-3-clip-preview) is not free
 */
export function tokenPricesOf(texts: PriceTexts): TokenPrices | null {
  const prices: TokenPrices = {
    input: null,
    output: null,
    cache_read: null,
    cache_write: null,
    request: null,
  };
  for (const component of components) prices[component] = picoPriceOf(texts[component]);
  if (components.every((component) => prices[component] === null)) return null;
  const tiers = priceTiersOf(texts.overrides ?? [], prices);
  if ([prices, ...tiers].every(costsNothing) && costsOtherwise(texts)) return null;
  return tiers.length === 0 ? prices : { ...prices, long_prompt: tiers };
}

function costsOtherwise(texts: PriceTexts): boolean {
  return componentsOf(texts).some(
    ([name, text]) => !isCounted(name) && !occasional.has(name) && compareDecimals(text, '0') > 0,
  );
}

function isCounted(name: string): boolean {
  return components.some((component) => component === name);
}

export function isFree(prices: TokenPrices): boolean {
  const isNothing = [prices, ...(prices.long_prompt ?? [])].every(costsNothing);
  return isNothing && (prices.input !== null || prices.output !== null);
}

function costsNothing(prices: TokenPrices | PriceTier): boolean {
  const { input, output, cache_read, cache_write } = prices;
  const request = 'request' in prices ? prices.request : null;
  return [input, output, cache_read, cache_write, request].every((pico) => (pico ?? 0) === 0);
}
