import fc from 'fast-check';
import {
  deploymentFacts,
  mostPriceTiers,
  type PriceTier,
  statedFacts,
  type TokenPrices,
  tokenPrices,
  unknownFacts,
} from './model-facts';
import {
  costNanoUsd,
  costPicoUsd,
  formatNanoUsd,
  formatUsd,
  nanoUsdOf,
  picoUsdOf,
  type PricedTokens,
  pricesAt,
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

describe('the prices of long prompts', () => {
  const tier = (above_prompt_tokens: number, change: Partial<PriceTier> = {}): PriceTier => ({
    above_prompt_tokens,
    input: null,
    output: null,
    cache_read: null,
    cache_write: null,
    ...change,
  });
  /** $1.25 and $10 for a million tokens; above 128,000 $2.50 for the prompt; above 200,000 $15 for the answer too. */
  const tiered = prices({
    input: 1_250_000,
    output: 10_000_000,
    cache_read: 125_000,
    request: 7,
    long_prompt: [
      tier(128_000, { input: 2_500_000 }),
      tier(200_000, { input: 2_500_000, output: 15_000_000, cache_read: 250_000 }),
    ],
  });

  it.each<[string, Partial<PricedTokens>, number]>([
    [
      'up to the bound the usual ones',
      { prompt: 128_000, answer: 1_000 },
      128_000 * 1_250_000 + 1_000 * 10_000_000,
    ],
    [
      'one more, and all tokens cost it',
      { prompt: 128_001, answer: 1_000 },
      128_001 * 2_500_000 + 1_000 * 10_000_000,
    ],
    [
      'the longest that the prompt passes',
      { prompt: 200_001, answer: 9 },
      200_001 * 2_500_000 + 9 * 15_000_000,
    ],
    ['not by its answer', { prompt: 10, answer: 500_000 }, 10 * 1_250_000 + 500_000 * 10_000_000],
    // Cached parts are parts of the prompt: its length is all of it.
    [
      'cached tokens, at the usual price',
      { prompt: 130_000, cacheRead: 129_000 },
      1_000 * 2_500_000 + 129_000 * 125_000,
    ],
    [
      'cached tokens, at their own',
      { prompt: 250_000, cacheRead: 249_000 },
      1_000 * 2_500_000 + 249_000 * 250_000,
    ],
    ['what goes into the cache, as the prompt', { prompt: 250_000, cacheWrite: 50_000 }, 250_000 * 2_500_000],
  ])('%s', (_case, used, expected) => {
    expect(costPicoUsd(tiered, tokens(used))).toBe(expected + 7);
  });

  it('are told as they count, with the length from which on they do', () => {
    expect(pricesAt(tiered, 128_000)).toEqual(prices({ ...tiered, long_prompt: undefined }));
    expect(pricesAt(tiered, 128_001)).toEqual({
      above_prompt_tokens: 128_000,
      input: 2_500_000,
      output: 10_000_000,
      cache_read: 125_000,
      cache_write: null,
      request: 7,
    });
    expect(pricesAt(prices({ input: 3 }), 1e9)).toEqual(prices({ input: 3 }));
  });

  it('are known where the usual one is not, and only there', () => {
    const onlyLong = prices({ output: 0, long_prompt: [tier(10, { input: 2 })] });
    expect(costPicoUsd(onlyLong, tokens({ prompt: 10 }))).toBeNull();
    expect(costPicoUsd(onlyLong, tokens({ prompt: 11 }))).toBe(22);
  });

  const price = fc.nat({ max: 20_000_000 });
  const perToken = fc.record({ input: price, output: price, cache_read: price, cache_write: price });
  const lengths = fc.uniqueArray(fc.nat({ max: 300_000 }), { maxLength: 4 });
  const used = fc.record({
    prompt: fc.nat({ max: 400_000 }),
    cached: fc.nat({ max: 400_000 }),
    answer: fc.nat(9_999),
  });
  const anyTiered = fc
    .tuple(perToken, lengths, fc.array(perToken, { minLength: 4, maxLength: 4 }))
    .map(([usual, bounds, others]) => ({
      usual,
      tiers: bounds.sort((left, right) => left - right).map((above, index) => tier(above, others[index])),
    }));
  const spent = ({
    prompt,
    cached,
    answer,
  }: {
    prompt: number;
    cached: number;
    answer: number;
  }): PricedTokens => tokens({ prompt, cacheRead: cached, answer });

  it('cost what the prices of the last passed bound alone would', () => {
    fc.assert(
      fc.property(anyTiered, used, ({ usual, tiers }, one) => {
        const passed = [...tiers].reverse().find(({ above_prompt_tokens: above }) => above < one.prompt);
        const { above_prompt_tokens: _above, ...alone } = passed ?? { above_prompt_tokens: 0, ...usual };
        const cost = costPicoUsd(prices({ ...usual, long_prompt: tiers }), spent(one));
        expect(cost).toBe(costPicoUsd(prices(alone), spent(one)));
      }),
    );
  });

  it('never make more tokens cheaper within one tier', () => {
    fc.assert(
      fc.property(
        anyTiered,
        used,
        fc.nat({ max: 50_000 }),
        fc.nat(9_999),
        ({ usual, tiers }, one, longer, more) => {
          const all = prices({ ...usual, long_prompt: tiers });
          const other = { ...one, prompt: one.prompt + longer, answer: one.answer + more };
          fc.pre(
            pricesAt(all, one.prompt).above_prompt_tokens === pricesAt(all, other.prompt).above_prompt_tokens,
          );
          // Only what is not cached: a token more in the cache may take the place of a dearer one.
          const [less, greater] = [one, other].map((each) => costPicoUsd(all, spent({ ...each, cached: 0 })));
          expect(greater).toBeGreaterThanOrEqual(less!);
        },
      ),
    );
  });

  it('are never below the usual ones where every tier is dearer', () => {
    const dearer = fc.tuple(perToken, lengths, perToken).map(([usual, bounds, extra]) => {
      const above = (name: keyof typeof usual): number => usual[name] + extra[name];
      const dear = { input: above('input'), output: above('output'), cache_read: above('cache_read') };
      const tiers = bounds.sort((left, right) => left - right).map((bound) => tier(bound, dear));
      return { usual, tiers };
    });
    fc.assert(
      fc.property(dearer, used, ({ usual, tiers }, one) => {
        const cost = costPicoUsd(prices({ ...usual, long_prompt: tiers }), spent(one));
        expect(cost).toBeGreaterThanOrEqual(costPicoUsd(prices(usual), spent(one))!);
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
    // Of another version: what it says more of prices is left out, and nothing else.
    const newer = deploymentFacts.parse({ prices: { input: 5, weekend: [{ input: 1 }] }, tools: true });
    expect([newer.prices, newer.tools]).toEqual([prices({ input: 5 }), true]);
    const long_prompt = Array.from({ length: mostPriceTiers + 1 }, (_, index) => ({
      above_prompt_tokens: index,
    }));
    expect(deploymentFacts.safeParse({ prices: { long_prompt } }).success).toBe(false);
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
