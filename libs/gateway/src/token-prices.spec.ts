import fc from 'fast-check';
import { deploymentFacts, statedFacts, type TokenPrices, tokenPrices, unknownFacts } from './model-facts';
import {
  costNanoUsd,
  costPicoUsd,
  formatNanoUsd,
  formatUsd,
  nanoUsdOf,
  picoUsdOf,
  type PricedTokens,
  pricesCharged,
} from './token-prices';

const prices = (change: Partial<TokenPrices> = {}): TokenPrices => tokenPrices.parse(change);
const tokens = (change: Partial<PricedTokens> = {}): PricedTokens => ({
  prompt: 0,
  cacheRead: 0,
  cacheWrite: 0,
  answer: 0,
  ...change,
});

describe('decimals of US dollars', () => {
  it.each<[string, number | null]>([
    ['0.0000025', 2_500_000],
    ['2.5e-06', 2_500_000],
    ['2.5E-6', 2_500_000],
    ['0', 0],
    ['0.000', 0],
    ['0e5', 0],
    ['1', 1_000_000_000_000],
    ['.5', 500_000_000_000],
    ['5.', 5_000_000_000_000],
    ['1e-12', 1],
    // 0.3 is no float, and neither is 0.1 + 0.2.
    ['0.3', 300_000_000_000],
    ['0.0000000000015', 2],
    ['0.0000000000014', 1],
    // Finer than we count, but not free.
    ['0.0000000000001', 1],
    ['9007.199254740991', Number.MAX_SAFE_INTEGER],
    ['9007.199254740992', null],
    ['1e300', null],
    ['-1', null],
    ['', null],
    ['.', null],
    ['1,5', null],
    ['1.2.3', null],
    ['NaN', null],
    ['Infinity', null],
    ['0x10', null],
    ['1e9999', null],
  ])('%s is %s pico-dollars', (text, expected) => {
    expect(picoUsdOf(text)).toBe(expected);
  });

  it('are written as they are read', () => {
    expect(formatUsd(2_500_000)).toBe('0.0000025');
    expect(formatUsd(0)).toBe('0');
    expect(formatUsd(1_000_000_000_000)).toBe('1');
    expect(formatUsd(-1_500_000_000_000)).toBe('-1.5');
    expect(formatNanoUsd(1_234_567_890)).toBe('1.23456789');
    fc.assert(
      fc.property(fc.maxSafeNat(), (pico) => {
        expect(picoUsdOf(formatUsd(pico))).toBe(pico);
      }),
    );
  });

  it('of JSON numbers are exact: their shortest text is what was written', () => {
    const price = fc.integer({ min: 1, max: 100_000_000 });
    fc.assert(
      fc.property(price, (pico) => {
        const fromJson: unknown = JSON.parse(`${pico}e-12`);
        expect(picoUsdOf(String(fromJson))).toBe(pico);
      }),
    );
  });
});

describe('the cost of a request', () => {
  it('is the sum over its tokens, with each its own price', () => {
    const all = prices({
      input: 2_500_000,
      output: 10_000_000,
      cache_read: 1_250_000,
      cache_write: 3_125_000,
    });
    // 1000 prompt, 400 of them read from the cache and 100 written to it: 500 x 2.5 + 400 x 1.25 + 100 x 3.125 = 2062.5 micro-dollars;
    // 200 of answer x 10 = 2000 micro-dollars. 4062.5 micro-dollars are 4,062,500 nano-dollars.
    const used = tokens({ prompt: 1_000, cacheRead: 400, cacheWrite: 100, answer: 200 });
    expect(costPicoUsd(all, used)).toBe(4_062_500_000);
    expect(costNanoUsd(all, used)).toBe(4_062_500);
  });

  it('takes the price of the prompt where the cache has none of its own, and adds what each call costs', () => {
    const some = prices({ input: 1_000, output: 0, request: 7 });
    expect(costPicoUsd(some, tokens({ prompt: 10, cacheRead: 4, cacheWrite: 4 }))).toBe(10_007);
  });

  it('never counts more of the cache than the prompt has', () => {
    const cached = prices({ input: 100, output: 100, cache_read: 10, cache_write: 125 });
    expect(costPicoUsd(cached, tokens({ prompt: 10, cacheRead: 50, cacheWrite: 50 }))).toBe(100);
    expect(costPicoUsd(cached, tokens({ prompt: 10, cacheRead: 4, cacheWrite: 50 }))).toBe(40 + 6 * 125);
  });

  it('is not known where a price that it needs is not: no price is not free', () => {
    expect(costPicoUsd(prices(), tokens())).toBeNull();
    expect(costPicoUsd(prices({ output: 5 }), tokens({ prompt: 1 }))).toBeNull();
    expect(costPicoUsd(prices({ input: 5 }), tokens({ answer: 1 }))).toBeNull();
    expect(costNanoUsd(prices({ input: 5 }), tokens({ answer: 1 }))).toBeNull();
    expect(costPicoUsd(prices({ input: 5 }), tokens({ prompt: 3 }))).toBe(15);
    expect(costPicoUsd(prices({ input: 1e12, output: 0 }), tokens({ prompt: 1e9 }))).toBeNull();
  });

  it('equals the sum in whole numbers of any size', () => {
    const price = fc.nat({ max: 1_000_000_000 });
    const count = fc.nat({ max: 2_000_000 });
    fc.assert(
      fc.property(
        price,
        price,
        price,
        count,
        count,
        count,
        (input, output, cacheRead, prompt, read, answer) => {
          fc.pre(read <= prompt);
          const exact =
            BigInt(prompt - read) * BigInt(input) +
            BigInt(read) * BigInt(cacheRead) +
            BigInt(answer) * BigInt(output);
          const cost = costPicoUsd(
            prices({ input, output, cache_read: cacheRead }),
            tokens({ prompt, cacheRead: read, answer }),
          );
          expect(cost).toBe(exact > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(exact));
        },
      ),
    );
  });

  it('is rounded half up to nano-dollars', () => {
    expect([0, 499, 500, 1_499, 1_500].map(nanoUsdOf)).toEqual([0, 0, 1, 1, 2]);
    fc.assert(
      fc.property(fc.maxSafeNat(), (pico) => {
        expect(BigInt(nanoUsdOf(pico))).toBe((BigInt(pico) + 500n) / 1_000n);
      }),
    );
  });
});

describe('facts of a deployment', () => {
  it('are unknown until somebody says them, and no price is a state of its own', () => {
    expect(unknownFacts).toMatchObject({
      prices: null,
      tools: null,
      quality: null,
      local: false,
      free: false,
    });
    expect(deploymentFacts.parse({ prices: {} }).prices).toEqual(tokenPrices.parse({}));
    expect(deploymentFacts.safeParse({ prices: { input: 0.5 } }).success).toBe(false);
    expect(deploymentFacts.safeParse({ quality: 1.1 }).success).toBe(false);
  });

  it('that somebody states hold only what was said', () => {
    expect(statedFacts.parse({ tools: null, local: true })).toEqual({ tools: null, local: true });
    expect(statedFacts.safeParse({ speed: 1 }).success).toBe(false);
  });
});

describe('what a call is counted by', () => {
  const known = prices({ input: 3, output: 5 });
  it.each<[string, Parameters<typeof pricesCharged>[0], number | null]>([
    ['a known price', { free: false, local: false, prices: known }, 8],
    ['no price, which is not free', { free: false, local: false, prices: null }, null],
    ['free, by somebody’s word, whatever the catalogue says', { free: true, local: false, prices: known }, 0],
    ['a server of one’s own', { free: false, local: true, prices: null }, 0],
    ['a server of one’s own that somebody gave a price', { free: false, local: true, prices: known }, 8],
  ])('%s', (_name, facts, expected) => {
    const charged = pricesCharged(facts);
    expect(charged && costPicoUsd(charged, tokens({ prompt: 1, answer: 1 }))).toBe(expected);
  });
});
