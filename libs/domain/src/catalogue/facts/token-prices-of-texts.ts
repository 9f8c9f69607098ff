import { picoUsdOf, type TokenPrices } from '@signalbox/gateway';
import type { PriceTexts } from '../merge/catalogue.types';

const components = ['input', 'output', 'cache_read', 'cache_write', 'request'] as const;
/** A dollar for a token or a request: beyond it a price is nobody's, and the edge would not read it. */
const mostPicoUsd = 1e12;

/**
 * The catalogue's decimals as whole pico-dollars. Prices under a condition (`overrides`) and of other units (images, audio) are not
 * in it: nobody counts by them yet.
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
  for (const component of components) {
    const text = texts[component];
    const pico = typeof text === 'string' ? picoUsdOf(text) : null;
    if (pico !== null && pico <= mostPicoUsd) prices[component] = pico;
  }
  return components.some((component) => prices[component] !== null) ? prices : null;
}

export function isFree(prices: TokenPrices): boolean {
  const isNothing = components.every((component) => (prices[component] ?? 0) === 0);
  return isNothing && (prices.input !== null || prices.output !== null);
}
