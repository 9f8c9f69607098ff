import { unknownFacts } from '@signalbox/gateway';
import { aCandidate } from '../../../../test/support/scoring-world';
import { costsOf, costWith } from './replay-cost';
import type { ReplayedDecision } from './replay-decision';
import { type ReplayedEvent, ReplaySums } from './replay-report';

const dear = aCandidate('dear', {
  usdPerMillion: [10, 30],
  facts: { quality: 0.9, prior_first_byte_ms: 800 },
});
const cheap = aCandidate('cheap', {
  kind: 'groq',
  usdPerMillion: [0.2, 0.4],
  facts: { quality: 0.5, prior_first_byte_ms: 200 },
});
const unpriced = aCandidate('unpriced', { facts: { prices: null } });
const tokens = { prompt: 1_000, cacheRead: 0, cacheWrite: 0, answer: 500 };
/** 1,000 x $10 + 500 x $30 per million = $0.025. */
const booked = 25_000_000;
const event: ReplayedEvent = { tokens, costNanoUsd: booked, deploymentId: 'dear' };

function replayed(more: Partial<ReplayedDecision>): ReplayedDecision {
  return { before: dear, after: cheap, levelBefore: 'precision', isUnchanged: false, doubts: [], ...more };
}

describe('costs before and after', () => {
  it('are of the tokens that were really used', () => {
    // 1,000 x $0.2 + 500 x $0.4 per million = $0.0004.
    expect(costsOf(event, dear, cheap)).toEqual({ beforeNanoUsd: booked, afterNanoUsd: 400_000 });
  });

  it('stay what was booked where the choice stays, though another one answered', () => {
    expect(costsOf({ ...event, costNanoUsd: 7 }, dear, dear)).toEqual({ beforeNanoUsd: 7, afterNanoUsd: 7 });
  });

  it('count cached parts of the prompt by their own price', () => {
    const cached = aCandidate('cached', {
      facts: { prices: { input: 10, output: 20, cache_read: 1, cache_write: null, request: 5_000 } },
    });
    // 400 x 10 + 600 x 1 + 500 x 20 + 5,000 = 19,600 pico-dollars.
    expect(costWith(cached, { ...tokens, cacheRead: 600 })).toBe(20);
  });

  it('count a long prompt by the prices of long prompts, by the tokens that it really had', () => {
    const long = { above_prompt_tokens: 200_000, input: 20_000, output: 40_000, cache_read: null };
    const usual = { input: 10_000, output: 20_000, cache_read: null, cache_write: null, request: null };
    const facts = { prices: { ...usual, long_prompt: [{ ...long, cache_write: null }] } };
    const tiered = aCandidate('tiered', { facts });
    // 200,000 x 10,000 + 500 x 20,000 = 2,010,000,000 pico-dollars; 200,001 x 20,000 + 500 x 40,000 = 4,020,020,000.
    expect(costWith(tiered, { ...tokens, prompt: 200_000 })).toBe(2_010_000);
    expect(costWith(tiered, { ...tokens, prompt: 200_001 })).toBe(4_020_020);
  });

  it('are nothing at servers of one’s own without a price, and unknown elsewhere', () => {
    const local = aCandidate('local', { facts: { ...unknownFacts, local: true } });
    expect([costWith(local, tokens), costWith(unpriced, tokens)]).toEqual([0, null]);
  });

  it.each([
    ['no_tokens', { ...event, tokens: null }, cheap],
    ['price_unknown_before', { ...event, costNanoUsd: null }, cheap],
    ['price_unknown_after', event, unpriced],
    ['nobody_left', event, null],
  ] as const)('are not compared: %s', (gap, use, after) => {
    expect(costsOf(use, dear, after)).toBe(gap);
  });
});

describe('the sums of a replay', () => {
  it('are those of all decisions, by level, model and change', () => {
    const sums = new ReplaySums();
    sums.add(event, replayed({}));
    sums.add(event, replayed({ levelBefore: 'eco' }));
    sums.add(event, replayed({ after: dear, isUnchanged: true }));
    sums.add(
      { ...event, deploymentId: 'elsewhere' },
      replayed({ after: null, doubts: ['candidates_left_out'] }),
    );
    sums.skip('no_decision');
    const { report } = sums;
    expect(report).toMatchObject({
      events: 5,
      decisions: 4,
      changed: 3,
      not_compared: { no_decision: 1 },
      same_policy: 1,
      same_policy_changed: 0,
      // Before 3 x 0.025; after 2 x 0.0004 + 0.025.
      cost: {
        decisions: 3,
        before_usd: '0.075',
        after_usd: '0.0258',
        saved_usd: '0.0492',
        not_compared: { nobody_left: 1 },
      },
      first_byte_ms: { before: { mean: 800, p50: 800, p95: 800 }, after: { mean: 400, p50: 200, p95: 800 } },
      quality: { before: { mean: 0.9 }, after: { mean: 0.6333, p50: 0.5, p95: 0.9 } },
      doubts: { candidates_left_out: 1, answered_by_another: 1 },
      changes_left_out: 0,
    });
    expect(report.levels).toEqual([
      {
        power_level: 'precision',
        decisions: 3,
        changed: 2,
        cost: { decisions: 2, before_usd: '0.05', after_usd: '0.0254', saved_usd: '0.0246' },
      },
      {
        power_level: 'eco',
        decisions: 1,
        changed: 1,
        cost: { decisions: 1, before_usd: '0.025', after_usd: '0.0004', saved_usd: '0.0246' },
      },
    ]);
    expect(report.models).toEqual([
      { model: 'model-dear', before: 4, after: 1 },
      { model: 'model-cheap', before: 0, after: 2 },
    ]);
    expect(
      report.changes.map(({ from, to, decisions }) => [from?.deployment_id, to?.deployment_id, decisions]),
    ).toEqual([
      ['dear', 'cheap', 2],
      ['dear', undefined, 1],
    ]);
  });

  it('tell models apart that one deployment serves by a wildcard', () => {
    const [one, other] = ['any/one', 'any/other'].map((model) => ({ ...cheap, model }));
    const sums = new ReplaySums();
    sums.add(event, replayed({ before: one!, after: other! }));
    sums.add(event, replayed({ before: dear, after: one! }));
    sums.add(event, replayed({ before: dear, after: other! }));
    const { changed, changes, cost } = sums.report;
    expect(changed).toBe(3);
    expect(changes.map(({ from, to }) => [from?.model, to?.model])).toEqual([
      ['any/one', 'any/other'],
      ['model-dear', 'any/one'],
      ['model-dear', 'any/other'],
    ]);
    expect(cost.after_usd).toBe('0.0012');
  });

  it('stay exact where a float would not', () => {
    const sums = new ReplaySums();
    const large = { ...event, costNanoUsd: 9_007_199_254_740_991 };
    for (let index = 0; index < 3; index += 1) sums.add(large, replayed({ after: dear }));
    expect(sums.report.cost.before_usd).toBe('27021597.764222973');
    expect(sums.report.cost.saved_usd).toBe('0');
  });

  it('tell a same policy that chose otherwise', () => {
    const sums = new ReplaySums();
    sums.add(event, replayed({ isUnchanged: true }));
    expect(sums.report.same_policy_changed).toBe(1);
  });

  it('are shown as nothing where there was nothing', () => {
    expect(new ReplaySums().report).toMatchObject({
      events: 0,
      cost: { before_usd: '0', saved_usd: '0' },
      first_byte_ms: { before: { mean: null, p50: null, p95: null } },
      levels: [],
    });
  });

  it('a saving below nothing is more that would have been paid', () => {
    const sums = new ReplaySums();
    sums.add(
      { ...event, costNanoUsd: 400_000, deploymentId: 'cheap' },
      replayed({ before: cheap, after: dear }),
    );
    expect(sums.report.cost.saved_usd).toBe('-0.0246');
  });
});
