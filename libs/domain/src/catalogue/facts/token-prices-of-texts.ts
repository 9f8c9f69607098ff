import type { PriceTier, TokenPrices } from '@signalbox/gateway';
import type { PriceTexts } from '../merge/catalogue.types';
import { picoPriceOf } from './pico-price';
import { priceTiersOf } from './price-tiers-of-overrides';

const components = ['input', 'output', 'cache_read', 'cache_write', 'request'] as const;

/**
 * The catalogue's decimals as whole pico-dollars. Prices of hours of the day and of other units (images, audio) are not in it: nobody
 * counts by them yet.
 * @returns null when none of them is known
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
  return tiers.length === 0 ? prices : { ...prices, long_prompt: tiers };
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
