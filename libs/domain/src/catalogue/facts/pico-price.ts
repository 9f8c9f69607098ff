import { picoUsdOf } from '@signalbox/gateway';

/** A dollar for a token or a request: beyond it a price is nobody's, and the edge would not read it. */
const mostPicoUsd = 1e12;

/** One of the catalogue's decimals as whole pico-dollars. @returns null for what is no price */
export function picoPriceOf(text: unknown): number | null {
  const pico = typeof text === 'string' ? picoUsdOf(text) : null;
  return pico !== null && pico <= mostPicoUsd ? pico : null;
}
