import {
  aCandidate,
  aRequest,
  type CandidateChange,
  plainNeeds,
} from '../../../../test/support/scoring-world';
import { tokenPrices } from '../model-facts';
import { routingPolicy } from '../routing-policy';
import { rankCandidates } from './rank-candidates';
import { scoringRulesOf } from './scoring-rules';
import {
  type RankingInput,
  type RequestNeeds,
  type ScoringCandidate,
  type ScoringRules,
} from './scoring.types';

function rulesOf(policy: object = {}, level: 'eco' | 'balanced' | 'precision' = 'balanced'): ScoringRules {
  return scoringRulesOf(routingPolicy.parse(policy), { kind: 'level', level });
}
const namedRules = scoringRulesOf(routingPolicy.parse({}), { kind: 'model' });

const idsOf = (candidates: readonly ScoringCandidate[], more: Partial<RankingInput> = {}): string[] =>
  rankCandidates(aRequest({ candidates, rules: rulesOf(), ...more })).ranked.map(
    ({ candidate }) => candidate.deployment.id,
  );

function scored(candidate: ScoringCandidate, rules: ScoringRules, needs: RequestNeeds = plainNeeds) {
  const [result] = rankCandidates(aRequest({ candidates: [candidate], rules, needs })).ranked;
  if (!result) throw new Error('dropped');
  return result;
}

describe('the formula, worked out by hand', () => {
  it('under eco, with a failure now and then and a preferred kind', () => {
    // 600 tokens of prompt at $0.20 per million are 0.00012, 400 of answer at $0.70 are 0.00028: $0.0004 for 1,000 tokens.
    // cost 0.7 x (1 - 0.0004 / 0.001) = 0.42; first byte after (800 x 9 + 400) / 10 = 760 ms: latency 0.2 x (1 - 0.076) = 0.1848;
    // quality 0.1 x 0.6 = 0.06; 0.6648 x (1 - 0.5 x 0.1) = 0.63156; + 0.05 = 0.68156.
    const candidate = aCandidate('a', {
      kind: 'groq',
      usdPerMillion: [0.2, 0.7],
      facts: { quality: 0.6, prior_first_byte_ms: 400 },
      performance: { firstByteMs: 800, errorRate: 0.1, weight: 9 },
    });
    const result = scored(candidate, rulesOf({}, 'eco'));
    expect(result.score).toBeCloseTo(0.68156, 12);
    expect(result.parts.cost).toBeCloseTo(0.42, 12);
    expect(result.parts.latency).toBeCloseTo(0.1848, 12);
    expect(result.parts.quality).toBeCloseTo(0.06, 12);
    expect(result.parts.errorFactor).toBe(0.95);
    expect(result.parts.preference).toBe(0.05);
    expect(result).toMatchObject({
      costPer1kPicoUsd: 400_000_000,
      expectedCostNanoUsd: 400_000,
      firstByteMs: 760,
    });
  });

  it('under balanced, of whom nothing but the price is known', () => {
    // 600 x $2.50 + 400 x $10 per million = 0.0015 + 0.004 = $0.0055. cost 0.4 x (1 - 0.55) = 0.18;
    // nothing is known of its time: 0.8 s: latency 0.4 x 0.92 = 0.368; quality 0.2 x 0.5 = 0.1. 0.648.
    const candidate = aCandidate('a', { usdPerMillion: [2.5, 10], facts: { prior_first_byte_ms: null } });
    expect(scored(candidate, rulesOf()).score).toBeCloseTo(0.648, 12);
  });

  it('under precision, with cached tokens and another size', () => {
    // 3,000 of prompt, 2,000 of them cached, and 1,000 of answer: 1,000 x $3 + 2,000 x $0.30 + 1,000 x $15 per million
    // = 0.003 + 0.0006 + 0.015 = $0.0186 for 4,000 tokens, so $0.00465 for 1,000. cost 0.1 x (1 - 0.0465) = 0.09535;
    // latency 0.3 x (1 - 2,500 / 10,000) = 0.225; quality 0.6 x 0.92 = 0.552; no errors; + 0.05: 0.92235.
    const needs = {
      ...plainNeeds,
      promptTokens: 3_000,
      cachedPromptTokens: 2_000,
      expectedAnswerTokens: 1_000,
    };
    const prices = {
      input: 3_000_000,
      output: 15_000_000,
      cache_read: 300_000,
      cache_write: null,
      request: null,
    };
    const candidate = aCandidate('a', {
      kind: 'anthropic',
      facts: { prices, quality: 0.92, prior_first_byte_ms: 2_500 },
    });
    const result = scored(candidate, rulesOf({}, 'precision'), needs);
    expect(result.costPer1kPicoUsd).toBe(4_650_000_000);
    expect(result.expectedCostNanoUsd).toBe(18_600_000);
    expect(result.score).toBeCloseTo(0.92235, 12);
  });

  it('expects as much of the prompt to be cached as lately, but no ceiling is held against that luck', () => {
    // 3,000 of prompt, half of them cached, and 1,000 of answer: 1,500 x $3 + 1,500 x $0.30 + 1,000 x $15 per million = $0.01995;
    // without the cache 3,000 x $3 + 1,000 x $15 = $0.024, which is $0.006 for 1,000.
    const needs = { ...plainNeeds, promptTokens: 3_000, expectedAnswerTokens: 1_000 };
    const prices = {
      input: 3_000_000,
      output: 15_000_000,
      cache_read: 300_000,
      cache_write: null,
      request: null,
    };
    const performance = { firstByteMs: null, errorRate: 0, weight: 9, cachedShare: 0.5 };
    const candidate = aCandidate('a', { facts: { prices }, performance });
    expect(scored(candidate, rulesOf(), needs).expectedCostNanoUsd).toBe(19_950_000);
    const within = (max: string) => {
      const rules = rulesOf({ levels: { balanced: { max_cost_per_1k_usd: max } } });
      return rankCandidates({ candidates: [candidate], needs, rules, draw: 1, affinityKey: null }).ranked
        .length;
    };
    expect([within('0.0059'), within('0.006')]).toEqual([0, 1]);
    // Whoever has no price of its own for cached tokens gains nothing.
    const plain = aCandidate('a', { facts: { prices: { ...prices, cache_read: null } }, performance });
    expect(scored(plain, rulesOf(), needs).expectedCostNanoUsd).toBe(24_000_000);
  });

  it('counts a long prompt by the prices of long prompts, for the ceiling too', () => {
    // Up to 200,000 tokens $1.25 and $10 per million, above $2.50 and $15. With 500 of answer:
    // 200,000 x $1.25 + 500 x $10 = $0.255, and one token more: 200,001 x $2.50 + 500 x $15 = $0.5075025.
    const long = { above_prompt_tokens: 200_000, input: 2_500_000, output: 15_000_000 };
    const prices = tokenPrices.parse({ input: 1_250_000, output: 10_000_000, long_prompt: [long] });
    const candidate = aCandidate('a', { facts: { prices } });
    const needsOf = (promptTokens: number) => ({ ...plainNeeds, promptTokens, expectedAnswerTokens: 500 });
    expect(scored(candidate, rulesOf(), needsOf(200_000)).expectedCostNanoUsd).toBe(255_000_000);
    expect(scored(candidate, rulesOf(), needsOf(200_001)).expectedCostNanoUsd).toBe(507_502_500);
    // $0.255 for 200,500 tokens are $0.00127 for 1,000; $0.5075025 for 200,501 are $0.00253.
    const rules = rulesOf({ levels: { balanced: { max_cost_per_1k_usd: '0.002' } } });
    const reasons = [200_000, 200_001].map((promptTokens) => {
      const input = aRequest({ candidates: [candidate], rules, needs: needsOf(promptTokens) });
      return rankCandidates(input).dropped.map(({ reason }) => reason);
    });
    expect(reasons).toEqual([[], ['price_ceiling']]);
  });

  it('holds every term between 0 and 1', () => {
    // As slow as the scale and slower, all failed, no quality: 0.4 x (1 - 0.001 / 0.01) = 0.36, x 0.5 = 0.18.
    const bad = aCandidate('a', {
      facts: { quality: 0 },
      performance: { firstByteMs: 1e9, errorRate: 7, weight: 1e9 },
    });
    expect(scored(bad, rulesOf()).score).toBeCloseTo(0.18, 12);
    // Dearer than the scale, where there is no ceiling: 0 + 0.4 x 0.9 + 0.2 x 0.5.
    const dear = aCandidate('a', { usdPerMillion: [600, 600] });
    expect(scored(dear, rulesOf({ levels: { balanced: { max_cost_per_1k_usd: null } } })).score).toBeCloseTo(
      0.46,
      12,
    );
  });

  it('divides the weights by their sum', () => {
    const custom = rulesOf({ strategy: 'custom', weights: { cost: 3, latency: 3, quality: 2 } });
    // $0.001: 0.375 x 0.9 + 0.375 x 0.9 + 0.25 x 0.5 = 0.8.
    expect(scored(aCandidate('a'), custom).score).toBeCloseTo(0.8, 12);
  });

  it('rounds the cost up where it does not come out even', () => {
    // 1 + 2 tokens at 1 pico-dollar: 1,000 for 1,000 tokens; 2 + 1 x 2: 4,000 / 3 = 1,333.3, so 1,334.
    const needs = { ...plainNeeds, promptTokens: 2, expectedAnswerTokens: 1 };
    const of = (input: number, output: number) => {
      const prices = { input, output, cache_read: null, cache_write: null, request: null };
      return scored(aCandidate('a', { facts: { prices } }), rulesOf(), needs).costPer1kPicoUsd;
    };
    expect([of(1, 1), of(1, 2)]).toEqual([1_000, 1_334]);
  });

  it('prefers by kind, and by being local or free', () => {
    const rules = rulesOf({ levels: { balanced: { preferred: ['groq', 'local', 'free'] } } });
    const preference = (change: CandidateChange) => scored(aCandidate('a', change), rules).parts.preference;
    expect(preference({})).toBe(0);
    expect(preference({ kind: 'groq', facts: { local: true, free: true } })).toBe(0.05);
    expect(preference({ facts: { local: true } })).toBe(0.05);
    expect(preference({ facts: { free: true } })).toBe(0.05);
  });
});

describe('a model by its own name', () => {
  const lacking = { needs: { ...plainNeeds, needsTools: true }, rules: namedRules };
  it('loses deployments to what they lack only as long as others are left', () => {
    const without = aCandidate('without', { facts: { tools: false } });
    expect(idsOf([without, aCandidate('with', { usdPerMillion: [9, 9] })], lacking)).toEqual(['with']);
    expect(idsOf([without], lacking)).toEqual(['without']);
    expect(idsOf([without], { ...lacking, rules: rulesOf() })).toEqual([]);
  });

  it('is never too dear, but never goes where the data must not go, or past a breaker', () => {
    expect(idsOf([aCandidate('dear', { usdPerMillion: [900, 900] })], { rules: namedRules })).toEqual([
      'dear',
    ]);
    const strict = { ...namedRules, noTraining: true };
    const lacks = { tools: false };
    const open = aCandidate('open', { isBreakerOpen: true, facts: { ...lacks, trains_on_data: false } });
    expect(idsOf([aCandidate('trains', { facts: lacks }), open], { ...lacking, rules: strict })).toEqual([]);
  });
});

describe('the order', () => {
  it('is by score; equals by cost, then time, then id', () => {
    const costOnly = rulesOf({
      strategy: 'cost',
      levels: { balanced: { max_cost_per_1k_usd: null, preferred: [] } },
    });
    const dear = (usd: number, firstByteMs = 1_000): CandidateChange => ({
      usdPerMillion: [usd, usd],
      facts: { prior_first_byte_ms: firstByteMs },
    });
    // Beyond the scale of $0.01 all have the score 0.
    const candidates = [
      aCandidate('d', dear(30)),
      aCandidate('c', dear(20, 900)),
      aCandidate('b', dear(20)),
      aCandidate('a', dear(20)),
      aCandidate('e', dear(1)),
    ];
    expect(idsOf(candidates, { rules: costOnly })).toEqual(['e', 'c', 'a', 'b', 'd']);
  });

  it('has local ones first where they are preferred, and those without a price last', () => {
    const rules = rulesOf({ prefer_local: true, unpriced: 'last' });
    const candidates = [
      aCandidate('unpriced', { facts: { prices: null, quality: 1 } }),
      aCandidate('good', { facts: { quality: 1 } }),
      aCandidate('local', { facts: { local: true, quality: 0 } }),
    ];
    expect(idsOf(candidates, { rules })).toEqual(['local', 'good', 'unpriced']);
  });

  it('of a group is as its models are listed, and by score within a model', () => {
    const policy = routingPolicy.parse({ groups: { mine: { models: ['x', 'y'] } } });
    const rules = scoringRulesOf(policy, { kind: 'group', group: 'mine' });
    const candidates = [
      aCandidate('x-dear', { model: 'x', usdPerMillion: [9, 9] }),
      aCandidate('y', { model: 'y', usdPerMillion: [0, 0] }),
      aCandidate('x-cheap', { model: 'x', usdPerMillion: [5, 5] }),
    ];
    expect(idsOf(candidates, { rules })).toEqual(['x-cheap', 'x-dear', 'y']);
    expect(idsOf(candidates.slice(1), { rules })).toEqual(['y', 'x-cheap']);
    // Nobody is put before the first model: neither to be tried out nor for a conversation.
    const unknown = { ...candidates[1]!, performance: { firstByteMs: null, errorRate: 0, weight: 0 } };
    const known = [candidates[0]!, candidates[2]!].map((one) => ({
      ...one,
      performance: { firstByteMs: 900, errorRate: 0, weight: 9 },
    }));
    expect(idsOf([...known, unknown], { rules, draw: 0 })[2]).toBe('y');
    expect(idsOf([...known, unknown], { rules, affinityKey: 'conversation' })[2]).toBe('y');
  });
});

describe('exploration', () => {
  const known = (weight: number, change: CandidateChange = {}): CandidateChange => ({
    ...change,
    performance: { firstByteMs: 1_000, errorRate: 0, weight },
  });
  const candidates = [
    aCandidate('best', known(90, { usdPerMillion: [0, 0] })),
    aCandidate('known', known(50)),
    aCandidate('thin', known(2)),
    aCandidate('dear', known(0, { usdPerMillion: [11, 11] })),
  ];
  const at = (draw: number, affinityKey: string | null = null) =>
    rankCandidates(aRequest({ candidates, rules: rulesOf(), draw, affinityKey }));

  it('puts the one of which least is known first, and leaves the others as they are', () => {
    const { ranked, isExploring } = at(0.0099);
    expect([isExploring, ranked.map(({ candidate }) => candidate.deployment.id)]).toEqual([
      true,
      ['thin', 'best', 'known'],
    ]);
    expect(at(0.01).isExploring).toBe(false);
    expect(at(0.01).ranked[0]?.candidate.deployment.id).toBe('best');
  });

  it('leaves conversations alone, and is none where the best one is the least known', () => {
    expect(at(0, 'conversation').isExploring).toBe(false);
    const alone = rankCandidates(aRequest({ candidates: [aCandidate('a')], rules: rulesOf(), draw: 0 }));
    expect(alone.isExploring).toBe(false);
  });

  it('is of nobody who would lose even if it answered at once and never failed', () => {
    // Best: 0.4 + 0.36 + 0.1 = 0.86. At its best the other one has 0.4 x (1 - 4 / 10) + 0.4 + 0.1 = 0.74, and 0.864 at $0.90.
    const best = aCandidate('best', known(90, { usdPerMillion: [0, 0] }));
    const firstAt = (usd: number): string | undefined =>
      idsOf([best, aCandidate('thin', { usdPerMillion: [usd, usd] })], { rules: rulesOf(), draw: 0 })[0];
    expect([firstAt(4), firstAt(1.1), firstAt(0.9)]).toEqual(['best', 'best', 'thin']);
  });

  it('stays among local ones where they are preferred, and never tries what has no price', () => {
    const local = aCandidate('local', known(50, { facts: { local: true } }));
    const unpriced = aCandidate('unpriced', { facts: { prices: null } });
    const thin = aCandidate('thin', known(1));
    const first = (policy: object, others: readonly ScoringCandidate[]) =>
      idsOf([local, ...others], { rules: rulesOf({ unpriced: 'last', ...policy }), draw: 0 })[0];
    expect(first({}, [thin, unpriced])).toBe('thin');
    expect(first({ prefer_local: true }, [thin, unpriced])).toBe('local');
    expect(first({}, [unpriced])).toBe('local');
  });

  it('spreads over equals', () => {
    const equals = Array.from({ length: 5 }, (_, index) => aCandidate(`dep_${index}`));
    const firsts = Array.from({ length: 200 }, (_, index) => {
      const { ranked } = rankCandidates(
        aRequest({ candidates: equals, rules: rulesOf(), draw: index / 20_000 }),
      );
      return ranked[0]?.candidate.deployment.id;
    });
    expect(new Set(firsts).size).toBe(5);
  });
});

describe('affinity', () => {
  it('spreads conversations over those that are nearly the best, and over nobody else', () => {
    // $0 and $1 per million: 0.86 and 0.824, within a tenth; $9: 0.536.
    const candidates = [0, 1, 9].map((usd) => aCandidate(`usd_${usd}`, { usdPerMillion: [usd, usd] }));
    const firsts = Array.from(
      { length: 100 },
      (_, index) => idsOf(candidates, { affinityKey: `key ${index}` })[0],
    );
    const shares = [0, 1, 9].map((usd) => firsts.filter((id) => id === `usd_${usd}`).length);
    expect(shares[0]! + shares[1]!).toBe(100);
    expect(Math.min(shares[0]!, shares[1]!)).toBeGreaterThan(25);
  });
});
