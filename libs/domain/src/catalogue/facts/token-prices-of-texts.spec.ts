import { deploymentFacts, mostPriceTiers, pricesAt } from '@signalbox/gateway';
import type { PriceOverride, PriceTexts } from '../merge/catalogue.types';
import { isFree, tokenPricesOf } from './token-prices-of-texts';

/** $3 and $15 for a million tokens are 3,000,000 and 15,000,000 pico-dollars for one. */
const usual = { input: '0.000003', output: '0.000015', cache_read: '0.0000003' };
const pricesOf = (...overrides: PriceOverride[]) => tokenPricesOf({ ...usual, overrides })!;
const countedAt = (promptTokens: number, ...overrides: PriceOverride[]) => {
  const { input, output, cache_read } = pricesAt(pricesOf(...overrides), promptTokens);
  return [input, output, cache_read];
};
const base = [3_000_000, 15_000_000, 300_000];
const long = { min_prompt_tokens: 200_000, input: '0.000006', output: '0.0000225' };
const longer = { min_prompt_tokens: 500_000, input: '0.000012' };

describe('prices of the catalogue for long prompts', () => {
  it.each<[string, number, PriceOverride[], number[]]>([
    ['not yet at the length itself', 200_000, [long], base],
    ['from one token more on', 200_001, [long], [6_000_000, 22_500_000, 300_000]],
    [
      'of the longest that applies, with what it does not name from the one before',
      500_001,
      [long, longer],
      [12_000_000, 22_500_000, 300_000],
    ],
    [
      'listed in any order: the last that applies wins',
      500_001,
      [longer, long],
      [6_000_000, 22_500_000, 300_000],
    ],
    [
      'and what only an earlier one names stays',
      500_001,
      [{ ...longer, cache_read: '0.0000012' }, long],
      [6_000_000, 22_500_000, 1_200_000],
    ],
    [
      'of the same length twice: the last one',
      200_001,
      [long, { min_prompt_tokens: 200_000, input: '0.000007' }],
      [7_000_000, 22_500_000, 300_000],
    ],
    [
      'for hours of the day: not counted',
      999_999,
      [{ utc_start: 100, utc_end: '0400', input: '0.000009' }],
      base,
    ],
    [
      'for long prompts at hours of the day: nor these',
      999_999,
      [{ ...long, utc_start: 100, utc_end: 400 }],
      base,
    ],
    ['for long prompts on some days: nor these', 999_999, [{ ...long, utc_days: 'saturday' }], base],
    ['without any condition that is known: nor these', 999_999, [{ input: '0.000009' }], base],
    ['of nothing that is counted', 999_999, [{ min_prompt_tokens: 9, audio: '0.1' }], base],
    [
      'that are no prices',
      999_999,
      [{ min_prompt_tokens: 9, input: '-1', output: '2.5', cache_read: 5 }],
      base,
    ],
    [
      'of no length',
      999_999,
      [
        { min_prompt_tokens: -5, input: '0.000009' },
        { min_prompt_tokens: 'many', input: '0.000009' },
      ],
      base,
    ],
    // 200,001 is more than 200,000.5, and 200,000 is not.
    ['of a length that is no whole number', 200_000, [{ ...long, min_prompt_tokens: 200_000.5 }], base],
    [
      'of a length that is no whole number, passed',
      200_001,
      [{ ...long, min_prompt_tokens: 200_000.5 }],
      [6_000_000, 22_500_000, 300_000],
    ],
    [
      '0, which says that nobody filled it in',
      999_999,
      [{ ...long, input: '0' }],
      [3_000_000, 22_500_000, 300_000],
    ],
  ])('%s', (_case, promptTokens, overrides, expected) => {
    expect(countedAt(promptTokens, ...overrides)).toEqual(expected);
  });

  it('are left out where there are none, and no more than edges read', () => {
    expect(tokenPricesOf(usual)).not.toHaveProperty('long_prompt');
    expect(pricesOf({ utc_start: 100, utc_end: 400, input: '0.1' })).not.toHaveProperty('long_prompt');
    const many = Array.from({ length: 50 }, (_, index) => ({
      ...long,
      min_prompt_tokens: 50_000 - index * 1_000,
    }));
    const prices = pricesOf(...many);
    expect(prices.long_prompt).toHaveLength(mostPriceTiers);
    expect(deploymentFacts.parse({ prices }).prices).toEqual(prices);
    expect(countedAt(1_001, ...many)).toEqual([6_000_000, 22_500_000, 300_000]);
  });

  it('are no price by themselves, and make free what costs nothing only where they cost nothing', () => {
    expect(tokenPricesOf({ overrides: [long] })).toBeNull();
    const zero = { input: '0', output: '0' };
    expect(isFree(tokenPricesOf(zero)!)).toBe(true);
    expect(isFree(tokenPricesOf({ ...zero, overrides: [{ min_prompt_tokens: 9, ...zero }] })!)).toBe(true);
    expect(isFree(tokenPricesOf({ ...zero, overrides: [long] })!)).toBe(false);
  });
});

it.each<[string, PriceTexts, boolean | null]>([
  ['nothing at all', { input: '0', output: '0' }, true],
  ['a picture', { input: '0', output: '0', image_output: '0.04' }, null],
  ['a second of sound', { input: '0', audio_second: '0.0001' }, null],
  ['a search that somebody may ask for', { input: '0', output: '0', web_search: '0.01' }, true],
  ['tokens and pictures', { input: '0.000001', output: '0', image: '0.04' }, false],
  ['each request', { input: '0', output: '0', request: '0.002' }, false],
])('what asks money for %s is free only if that is nothing that each call has', (_what, texts, expected) => {
  const prices = tokenPricesOf(texts);
  expect(prices && isFree(prices)).toBe(expected);
});
