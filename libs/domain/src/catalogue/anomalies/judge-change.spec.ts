import fc from 'fast-check';
import type { PriceTexts, StatedPrice } from '../merge/catalogue.types';
import { decimalText } from '../merge/exact-decimal';
import { judgeChange } from './judge-change';

const known = (texts: PriceTexts): StatedPrice => ({ state: 'known', texts });
const judge = (before: PriceTexts | null, after: StatedPrice, more = {}) =>
  judgeChange({ before, after, mayBeFree: false, mayVary: false, ...more })?.anomaly ?? null;
const usual = { input: '0.000001', output: '0.000004' };
const long = (input: string) => ({ min_prompt_tokens: 200_000, input });
const longPrompts = (input: string) => known({ ...usual, overrides: [long(input)] });

describe('whether a change of a price looks wrong', () => {
  it.each<[string, PriceTexts | null, StatedPrice, string | null]>([
    ['the same', usual, known(usual), null],
    ['a new model', null, known(usual), null],
    ['a third less', usual, known({ input: '0.00000066', output: '0.0000026' }), null],
    ['ten times', usual, known({ ...usual, output: '0.00004' }), 'price_jump'],
    ['nearly ten times', usual, known({ ...usual, output: '0.000039999999' }), null],
    ['a tenth', usual, known({ ...usual, input: '0.0000001' }), 'price_jump'],
    [
      'ten times for the cache',
      { ...usual, cache_read: '0.0000001' },
      known({ ...usual, cache_read: '0.000001' }),
      'price_jump',
    ],
    ['a new component', usual, known({ ...usual, cache_read: '0.0000001' }), null],
    ['a component less', { ...usual, cache_read: '0.0000001' }, known(usual), null],
    ['no main price any more', usual, known({ cache_read: '0.0000001' }), 'price_zero'],
    ['free of a sudden', usual, known({ input: '0', output: '0' }), 'price_zero'],
    ['free input', usual, known({ ...usual, input: '0' }), 'price_zero'],
    ['a new free model', null, known({ input: '0', output: '0' }), 'price_zero'],
    ['free as before', { input: '0', output: '0' }, known({ input: '0', output: '0', request: '0' }), null],
    ['free no more', { input: '0', output: '0' }, known(usual), 'price_jump'],
    ['an embedding, whose answer costs nothing', null, known({ input: '0.00000002', output: '0' }), null],
    ['below zero', usual, known({ ...usual, input: '-0.000001' }), 'price_negative'],
    ['a cent per token', null, known({ input: '0.01', output: '0.01' }), null],
    ['more than a cent per token', null, known({ input: '0.010000001', output: '0.01' }), 'unit_error'],
    ['dollars per million', usual, known({ input: '1', output: '4' }), 'unit_error'],
    ['a dear picture', null, known({ ...usual, image: '0.05', request: '0.02' }), null],
    [
      'dollars per million under a condition',
      null,
      known({ ...usual, overrides: [{ min_prompt_tokens: 200_000, input: '2' }] }),
      'unit_error',
    ],
    [
      'times under a condition',
      null,
      known({ ...usual, overrides: [{ utc_start: '0030', utc_end: '0830', input: '0.0000005' }] }),
      null,
    ],
    ['twice for long prompts', usual, longPrompts('0.000002'), null],
    [
      'ten times the usual price for long prompts, of which nothing was said',
      usual,
      longPrompts('0.00001'),
      'price_jump',
    ],
    [
      'ten times for long prompts',
      { ...usual, overrides: [long('0.000002')] },
      longPrompts('0.00002'),
      'price_jump',
    ],
    [
      'ten times the usual price, and as before',
      { ...usual, overrides: [long('0.00001')] },
      longPrompts('0.00001'),
      null,
    ],
    ['0 for long prompts, which says nothing', usual, longPrompts('0'), null],
    [
      'free but for long prompts',
      { input: '0' },
      known({ input: '0', overrides: [long('0.000001')] }),
      'price_jump',
    ],
    ['missing', usual, { state: 'absent' }, 'malformed'],
    ['missing as before', null, { state: 'absent' }, null],
    ['no number', null, { state: 'malformed', detail: 'input is no decimal number' }, 'malformed'],
    ['variable', null, { state: 'variable' }, 'price_negative'],
  ])('%s', (_what, before, after, expected) => {
    expect(judge(before, after)).toBe(expected);
  });

  it('lets routers vary and free variants be free', () => {
    expect(judge(null, { state: 'variable' }, { mayVary: true })).toBeNull();
    expect(judge(null, known({ input: '0', output: '0' }), { mayBeFree: true })).toBeNull();
  });

  /** Up to a thousandth of a dollar per token, well below what is a wrong unit. */
  const price = fc.bigInt(1n, 10n ** 9n).map((units) => decimalText(`${units}e-12`) as string);

  it('never lets pass what is below zero, too large, or ten times another', () => {
    fc.assert(
      fc.property(price, price, (input, output) => {
        const before = { input, output };
        expect(judge(before, known({ input, output: `-${output}` }))).toBe('price_negative');
        expect(judge(before, known({ input: '0.02', output }))).toBe('unit_error');
        expect(judge(before, known({ input, output: '0' }))).toBe('price_zero');
      }),
    );
  });

  it('judges a way there like the way back', () => {
    fc.assert(
      fc.property(price, price, (left, right) => {
        expect(judge({ input: left }, known({ input: right }))).toBe(
          judge({ input: right }, known({ input: left })),
        );
      }),
    );
  });
});
