import fc from 'fast-check';
import {
  anyCandidate,
  anyInput,
  anyNeeds,
  anyRules,
  withId,
} from '../../../../test/support/scoring-arbitraries';
import { aCandidate, plainNeeds } from '../../../../test/support/scoring-world';
import { routingPolicy } from '../routing-policy';
import { costPer1kPicoUsdOf, requestCostPicoUsd } from './candidate-figures';
import { rankCandidates } from './rank-candidates';
import { scoringRulesOf } from './scoring-rules';
import type { RankingInput, ScoringCandidate } from './scoring.types';

const idOf = ({ candidate }: { candidate: ScoringCandidate }): string => candidate.deployment.id;
const orderOf = (input: RankingInput): string[] => rankCandidates(input).ranked.map(idOf);

describe('whatever the candidates', () => {
  it('the ceiling is never passed', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const ceiling = input.rules.maxCostPer1kPicoUsd ?? Number.POSITIVE_INFINITY;
        const tokens = BigInt(Math.max(1, input.needs.promptTokens + input.needs.expectedAnswerTokens));
        for (const { candidate, costPer1kPicoUsd } of rankCandidates(input).ranked) {
          expect(costPer1kPicoUsd ?? 0).toBeLessThanOrEqual(ceiling);
          const cost = requestCostPicoUsd(candidate, input.needs);
          if (cost !== null && Number.isFinite(ceiling))
            expect(BigInt(cost) * 1_000n <= BigInt(ceiling) * tokens).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('nor is it by the prices of long prompts', () => {
    fc.assert(
      fc.property(anyInput, ({ rules: given, ...input }) => {
        const rules = { ...given, maxCostPer1kPicoUsd: 1_000_000_000 };
        const { promptTokens, expectedAnswerTokens } = input.needs;
        for (const { candidate, costPer1kPicoUsd } of rankCandidates({ ...input, rules }).ranked) {
          const { prices, free } = candidate.facts;
          const passed = [...(prices?.long_prompt ?? [])]
            .reverse()
            .find((tier) => tier.above_prompt_tokens < promptTokens);
          if (free || !prices || !passed || costPer1kPicoUsd === null) continue;
          const cost =
            BigInt(promptTokens) * BigInt(passed.input ?? prices.input ?? 0) +
            BigInt(expectedAnswerTokens) * BigInt(passed.output ?? prices.output ?? 0);
          expect(cost * 1_000n <= 1_000_000_000n * BigInt(promptTokens + expectedAnswerTokens)).toBe(true);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('nobody is chosen who has no key, is broken, cannot do it, or must not see the data', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const { rules, needs } = input;
        for (const { candidate } of rankCandidates(input).ranked) {
          const { facts } = candidate;
          expect(candidate.isBreakerOpen || candidate.credential === null).toBe(false);
          expect(candidate.mode === 'embedding' || (needs.needsTools && facts.tools === false)).toBe(false);
          if (rules.regions)
            expect(
              [facts.region, facts.local && 'local'].some((one) => rules.regions?.includes(String(one))),
            ).toBe(true);
          if (rules.zeroDataRetention) expect(facts.zero_data_retention ?? facts.local).toBe(true);
          if (rules.noTraining) expect(facts.trains_on_data ?? !facts.local).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('each of them is ranked or dropped, once', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const { ranked, dropped } = rankCandidates(input);
        const all = [...ranked, ...dropped].map(idOf).sort();
        expect(all).toEqual(input.candidates.map(({ deployment }) => deployment.id).sort());
      }),
    );
  });

  it('the order does not depend on the order in which they came, and comes out the same again', () => {
    const shuffled = anyInput.chain((input) =>
      fc.tuple(
        fc.constant(input),
        fc.shuffledSubarray([...input.candidates], { minLength: input.candidates.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([input, candidates]) => {
        expect(orderOf({ ...input, candidates })).toEqual(orderOf(input));
        expect(orderOf(input)).toEqual(orderOf(structuredClone(input)));
      }),
      { numRuns: 500 },
    );
  });

  it('a score is the same in whatever company, and between 0 and 1 with its preference', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const { ranked } = rankCandidates(input);
        for (const { candidate, score } of ranked) {
          expect(score >= 0 && score <= 1.05 + 1e-9).toBe(true);
          expect(rankCandidates({ ...input, candidates: [candidate] }).ranked[0]?.score).toBe(score);
        }
      }),
    );
  });

  it('they come in the order of their scores, within those that are preferred outright', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const quiet = { ...input, draw: 1, affinityKey: null };
        const { ranked } = rankCandidates(quiet);
        const isAhead = (one: (typeof ranked)[number]) =>
          (input.rules.preferLocal && !one.candidate.facts.local ? 2 : 0) +
          (one.costPer1kPicoUsd === null ? 1 : 0);
        for (const [index, later] of ranked.entries()) {
          const earlier = ranked[index - 1];
          if (earlier && isAhead(earlier) === isAhead(later))
            expect(earlier.score).toBeGreaterThanOrEqual(later.score);
          if (earlier) expect(isAhead(earlier)).toBeLessThanOrEqual(isAhead(later));
        }
      }),
    );
  });
});

describe('under every level', () => {
  const pair = fc.record({
    candidate: anyCandidate,
    needs: anyNeeds,
    rules: anyRules,
    more: fc.record({ input: fc.nat({ max: 1_000_000 }), output: fc.nat({ max: 1_000_000 }) }),
  });

  it('a dearer, otherwise equal model never goes first', () => {
    fc.assert(
      fc.property(pair, ({ candidate, needs, rules, more }) => {
        const { prices: some } = candidate.facts;
        fc.pre(some !== null && some.input !== null && some.output !== null);
        const dearerPrices = {
          ...some,
          cache_read: null,
          input: some.input + more.input,
          output: some.output + more.output,
        };
        const facts = { ...candidate.facts, free: false };
        const cheap = {
          ...withId(candidate, 'z'),
          facts: { ...facts, prices: { ...some, cache_read: null } },
        };
        const dear = { ...withId(candidate, 'a'), facts: { ...facts, prices: dearerPrices } };
        const costs = [cheap, dear].map((one) => requestCostPicoUsd(one, needs));
        fc.pre(costs[0] !== null && costs[1] !== null && Number(costs[0]) < Number(costs[1]));
        const order = orderOf({ candidates: [dear, cheap], needs, rules, draw: 1, affinityKey: null });
        expect(order[0] ?? 'z').toBe('z');
      }),
      { numRuns: 1_000 },
    );
  });

  it('nor does one that is slower, worse or fails more often', () => {
    const worsening = fc.constantFrom<(one: ScoringCandidate) => ScoringCandidate>(
      (one) => ({
        ...one,
        facts: { ...one.facts, prior_first_byte_ms: (one.facts.prior_first_byte_ms ?? 800) + 500 },
      }),
      (one) => ({ ...one, facts: { ...one.facts, quality: (one.facts.quality ?? 0.5) / 2 } }),
      (one) => ({
        ...one,
        performance: { ...one.performance, errorRate: (one.performance.errorRate + 1) / 2 },
      }),
    );
    fc.assert(
      fc.property(pair, worsening, ({ candidate, needs, rules }, worse) => {
        const scores = [candidate, worse(candidate)].map(
          (one) =>
            rankCandidates({ candidates: [one], needs, rules, draw: 1, affinityKey: null }).ranked[0]
              ?.score ?? 0,
        );
        expect(scores[0]).toBeGreaterThanOrEqual(scores[1]!);
      }),
    );
  });
});

describe('exploration', () => {
  it('takes the given share of requests, and never a dropped one', () => {
    const share = fc.constantFrom(0, 0.01, 0.05, 0.2);
    const draws = Array.from({ length: 1_000 }, (_, index) => index / 1_000);
    fc.assert(
      fc.property(share, (exploration) => {
        const known = { firstByteMs: 1_500, errorRate: 0, weight: 50 };
        const candidates = [
          aCandidate('best', { performance: known }),
          aCandidate('thin', { usdPerMillion: [2, 2] }),
          aCandidate('broken', { isBreakerOpen: true }),
          aCandidate('dear', { usdPerMillion: [900, 900] }),
        ];
        const rules = scoringRulesOf(routingPolicy.parse({ exploration }), {
          kind: 'level',
          level: 'balanced',
        });
        const firsts = draws.map((draw) => {
          const ranking = rankCandidates({ candidates, needs: plainNeeds, rules, draw, affinityKey: null });
          expect(ranking.isExploring).toBe(idOf(ranking.ranked[0]!) === 'thin');
          return idOf(ranking.ranked[0]!);
        });
        expect(firsts.filter((id) => id === 'thin')).toHaveLength(exploration * 1_000);
        expect(new Set(firsts).size).toBe(exploration === 0 ? 1 : 2);
      }),
      { numRuns: 8 },
    );
  });

  it('moves one to the front, and leaves the rest as it is', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const { ranked, dropped } = rankCandidates(input);
        const plain = rankCandidates({ ...input, draw: 1, affinityKey: null });
        const first = ranked[0] && idOf(ranked[0]);
        expect(ranked.slice(1).map(idOf)).toEqual(plain.ranked.map(idOf).filter((id) => id !== first));
        expect(dropped).toEqual(plain.dropped);
      }),
    );
  });
});

describe('affinity', () => {
  const equals = fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { minLength: 2, maxLength: 20 });
  const rules = scoringRulesOf(routingPolicy.parse({}), { kind: 'level', level: 'balanced' });
  const firstOf = (ids: readonly number[], affinityKey: string) =>
    orderOf({
      candidates: ids.map((id) => aCandidate(`dep_${id}`)),
      needs: plainNeeds,
      rules,
      draw: 0,
      affinityKey,
    })[0];

  it('stays when others come and go', () => {
    fc.assert(
      fc.property(
        equals,
        fc.string(),
        fc.nat(),
        fc.integer({ min: 100, max: 199 }),
        (ids, key, pick, newcomer) => {
          const first = firstOf(ids, key);
          const leaver = ids[pick % ids.length]!;
          const left = ids.filter((id) => id !== leaver);
          if (first !== `dep_${leaver}`) expect(firstOf(left, key)).toBe(first);
          expect([first, `dep_${newcomer}`]).toContain(firstOf([...ids, newcomer], key));
        },
      ),
    );
  });

  it('is nearly the best, and among those that go first outright', () => {
    fc.assert(
      fc.property(anyInput, fc.string(), (input, affinityKey) => {
        const [best] = rankCandidates({ ...input, draw: 1, affinityKey: null }).ranked;
        const [first] = rankCandidates({ ...input, affinityKey }).ranked;
        if (!best || !first) return;
        expect(first.score).toBeGreaterThanOrEqual(best.score * 0.9);
        if (input.rules.preferLocal && best.candidate.facts.local)
          expect(first.candidate.facts.local).toBe(true);
      }),
    );
  });
});

describe('the cost of 1,000 tokens', () => {
  it('is exact, rounded up', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat({ max: 2_000_000 }), (cost, promptTokens) => {
        const needs = { ...plainNeeds, promptTokens, expectedAnswerTokens: 0 };
        const tokens = BigInt(Math.max(1, promptTokens));
        const exact = (BigInt(cost) * 1_000n + tokens - 1n) / tokens;
        const largest = BigInt(Number.MAX_SAFE_INTEGER);
        expect(BigInt(costPer1kPicoUsdOf(cost, needs))).toBe(exact < largest ? exact : largest);
      }),
    );
  });
});
