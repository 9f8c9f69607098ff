import type { DeploymentFacts, PriceTier, TokenPrices } from './model-facts';

const picoDigits = 12;
const nanoDigits = 9;
const picoPerNano = 1_000;
const decimal = /^(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,3}))?$/i;

/**
 * A decimal of US dollars ("0.0000025", "2.5e-06") in whole pico-dollars. What is finer is rounded, half up, but never down to
 * nothing: that would be free. JSON numbers must be given as text too: String() of one is its shortest exact form.
 *
 * @returns null for what is no such amount: text, negative ("-1" is OpenRouter's word for a price that varies), too large
 */
export function picoUsdOf(text: string): number | null {
  const [, whole = '', fraction = '', exponent = '0'] = decimal.exec(text.trim()) ?? [];
  const digits = whole + fraction;
  if (digits === '') return null;
  const shift = picoDigits - fraction.length + Number(exponent);
  const exact = BigInt(digits);
  if (exact === 0n) return 0;
  const pico = shift >= 0 ? exact * 10n ** BigInt(shift) : roundedDown(exact, 10n ** BigInt(-shift));
  return pico <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(pico) : null;
}

/** Half up, and at least one. */
function roundedDown(amount: bigint, divisor: bigint): bigint {
  const rounded = (amount * 2n + divisor) / (divisor * 2n);
  return rounded > 0n ? rounded : 1n;
}

function formatInteger(amount: number, digits: number): string {
  const text = BigInt(Math.abs(amount))
    .toString()
    .padStart(digits + 1, '0');
  const fraction = text.slice(-digits).replace(/0+$/, '');
  const sign = amount < 0 ? '-' : '';
  return sign + text.slice(0, -digits) + (fraction === '' ? '' : `.${fraction}`);
}

/** The decimal of whole pico-dollars: what picoUsdOf reads. */
export function formatUsd(picoUsd: number): string {
  return formatInteger(picoUsd, picoDigits);
}

export function formatNanoUsd(nanoUsd: number): string {
  return formatInteger(nanoUsd, nanoDigits);
}

/** The tokens of one request. The parts that went through the provider's prompt cache are parts of `prompt`. */
export interface PricedTokens {
  readonly prompt: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly answer: number;
}

/** Every candidate of every request asks: nothing is made here. @returns null: the usual prices count */
function tierOf({ long_prompt: tiers }: TokenPrices, promptTokens: number): PriceTier | null {
  let counting: PriceTier | null = null;
  if (tiers === undefined) return counting;
  for (const tier of tiers) {
    if (promptTokens <= tier.above_prompt_tokens) break;
    counting = tier;
  }
  return counting;
}

/** One price for each kind of token; of a tier, where one counts. */
export type CountedPrices = Omit<TokenPrices, 'long_prompt'> &
  Partial<Pick<PriceTier, 'above_prompt_tokens'>>;

/** The prices that count for a prompt of that length. */
export function pricesAt(prices: TokenPrices, promptTokens: number): CountedPrices {
  const tier = tierOf(prices, promptTokens);
  return {
    input: tier?.input ?? prices.input,
    output: tier?.output ?? prices.output,
    cache_read: tier?.cache_read ?? prices.cache_read,
    cache_write: tier?.cache_write ?? prices.cache_write,
    request: prices.request,
    ...(tier && { above_prompt_tokens: tier.above_prompt_tokens }),
  };
}

/**
 * Exact: whole numbers below 2^53 are so in a float, and a sum beyond ($9,007 for one request) is none that we know.
 *
 * @returns null: a price that is needed is not known
 */
export function costPicoUsd(prices: TokenPrices, tokens: PricedTokens): number | null {
  const { prompt, answer } = tokens;
  const { request } = prices;
  const tier = tierOf(prices, prompt);
  const input = tier?.input ?? prices.input;
  const output = tier?.output ?? prices.output;
  if ((input === null && prompt > 0) || (output === null && answer > 0)) return null;
  if (input === null && output === null && request === null) return null;
  const read = Math.min(tokens.cacheRead, prompt);
  const write = Math.min(tokens.cacheWrite, prompt - read);
  const cost =
    (prompt - read - write) * (input ?? 0) +
    read * (tier?.cache_read ?? prices.cache_read ?? input ?? 0) +
    write * (tier?.cache_write ?? prices.cache_write ?? input ?? 0) +
    answer * (output ?? 0) +
    (request ?? 0);
  return cost <= Number.MAX_SAFE_INTEGER ? cost : null;
}

/** Half up. Dividing first could round a float to the next whole number. */
export function nanoUsdOf(picoUsd: number): number {
  const rest = picoUsd % picoPerNano;
  return (picoUsd - rest) / picoPerNano + (rest * 2 >= picoPerNano ? 1 : 0);
}

const noCharge: TokenPrices = { input: 0, output: 0, cache_read: 0, cache_write: 0, request: 0 };

/**
 * By what a call is counted: whatever is free, and the operator's own servers unless somebody gives them a price, cost nothing.
 *
 * @returns null: nobody knows its price
 */
export function pricesCharged({
  free,
  local,
  prices,
}: Pick<DeploymentFacts, 'free' | 'local' | 'prices'>): TokenPrices | null {
  return free || (local && prices === null) ? noCharge : prices;
}

/** What a request cost, or will probably cost. */
export function costNanoUsd(prices: TokenPrices, tokens: PricedTokens): number | null {
  const cost = costPicoUsd(prices, tokens);
  return cost === null ? null : nanoUsdOf(cost);
}
