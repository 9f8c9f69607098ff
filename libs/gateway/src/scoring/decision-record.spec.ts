import fc from 'fast-check';
import { anyInput } from '../../../../test/support/scoring-arbitraries';
import { aCandidate, aRequest, plainNeeds } from '../../../../test/support/scoring-world';
import { tokenPrices } from '../model-facts';
import { routingPolicy } from '../routing-policy';
import { requestCostPicoUsd } from './candidate-figures';
import { decodeDecision, encodeDecision } from './decision-record';
import { policyHashOf } from './policy-hash';
import { rankCandidates } from './rank-candidates';
import { scoringRulesOf } from './scoring-rules';
import type { Ranking, RankingInput, ScoringRules } from './scoring.types';

const subject = {
  asked: 'eco',
  kind: 'level',
  powerLevel: 'eco',
  strategy: 'level',
  policy: 'abc',
} as const;
const policy = routingPolicy.parse({});
const eco = scoringRulesOf(policy, { kind: 'level', level: 'eco' });
const precision = scoringRulesOf(policy, { kind: 'level', level: 'precision' });

/** As it comes back from the database. */
function keptOf(input: RankingInput) {
  const text = JSON.stringify(encodeDecision(subject, input, rankCandidates(input)));
  const kept = decodeDecision(JSON.parse(text));
  if (!kept) throw new Error('cannot be read');
  return { kept, bytes: text.length };
}

const idsOf = ({ ranked }: Ranking): string[] => ranked.map(({ candidate }) => candidate.deployment.id);
const scoresOf = ({ ranked }: Ranking) =>
  ranked.map(({ candidate, score, parts, costPer1kPicoUsd }) => [
    candidate.deployment.id,
    score,
    parts,
    costPer1kPicoUsd,
  ]);
const again = (input: RankingInput, rules: ScoringRules = input.rules): Ranking =>
  rankCandidates({ ...keptOf(input).kept.input, rules });

describe('a decision that was kept', () => {
  it('is compact, and readable by a person', () => {
    const candidates = [
      aCandidate('dep_1', {
        kind: 'groq',
        usdPerMillion: [0.2, 0.7],
        facts: { quality: 0.6123, region: 'eu', zero_data_retention: true, trains_on_data: false },
        performance: { firstByteMs: 800.4, errorRate: 0.0314, weight: 9, cachedShare: 0.25 },
      }),
      aCandidate('dep_2', { usdPerMillion: [90, 90], facts: { local: true, free: false } }),
      aCandidate('dep_3', { isBreakerOpen: true }),
    ];
    const input = aRequest({ candidates, rules: eco, draw: 0.5 });
    expect(encodeDecision(subject, input, rankCandidates(input))).toEqual({
      v: 1,
      asked: 'eco',
      kind: 'level',
      power_level: 'eco',
      strategy: 'level',
      policy: 'abc',
      needs: [600, 0, null, 400, 'chat', [], 0, 0],
      draw: 0.5,
      affinity: null,
      chosen: 0,
      explored: false,
      candidates: [
        // First byte: (800.4 x 9 + 1,000) / 10 = 820.4; flags: keeps nothing 4, does not train 32, priced 64.
        ['model-dep_1', 'dep_1', 200_000, 700_000, 820, 31, 612, 100, 'groq', 900, null, null, 'eu', 250],
        [
          'model-dep_2',
          'dep_2',
          90_000_000,
          90_000_000,
          1_000,
          0,
          null,
          65,
          'openai',
          0,
          null,
          null,
          null,
          0,
        ],
      ],
      dropped: { price_ceiling: 1, breaker_open: 1 },
    });
  });

  it('is read as it was written', () => {
    const needs = {
      ...plainNeeds,
      maxAnswerTokens: 9,
      inputModalities: ['image'],
      needsTools: true,
      json: 'schema' as const,
    };
    const input = aRequest({
      candidates: [aCandidate('dep_1'), aCandidate('dep_2', { mode: 'rerank' })],
      rules: eco,
      needs,
      draw: 0.123456789012345,
      affinityKey: 'k',
    });
    const classified = {
      ...subject,
      classification: { difficulty: 'hard', by: 'rules', reasons: ['math'] },
    } as const;
    const record: unknown = JSON.parse(
      JSON.stringify(encodeDecision(classified, input, rankCandidates(input))),
    );
    expect(decodeDecision(record)).toMatchObject({
      ...classified,
      input: { needs, draw: 0.123456789012345, affinityKey: 'k' },
      chosenDeploymentId: 'dep_1',
      wasExploring: false,
      dropped: { mode: 1 },
    });
  });

  it('has the prices of long prompts too, and one without them is read as before', () => {
    const long = { input: 5_000_000, output: null, cache_read: 500_000, cache_write: null };
    const prices = tokenPrices.parse({
      input: 2_500_000,
      output: 10_000_000,
      long_prompt: [{ above_prompt_tokens: 200_000, ...long }],
    });
    const needs = { ...plainNeeds, promptTokens: 200_001, expectedAnswerTokens: 0 };
    const candidates = [aCandidate('dep_1', { facts: { prices } }), aCandidate('dep_2')];
    const input = aRequest({ candidates, rules: eco, needs });
    const record = encodeDecision(subject, input, rankCandidates(input));
    const place = record.candidates.findIndex(([, id]) => id === 'dep_1');
    expect(record.candidates[place]?.[14]).toEqual([[200_000, 5_000_000, null, 500_000]]);
    expect(record.candidates[1 - place]).toHaveLength(14);
    // 200,001 x 5,000,000 for 200,001 tokens: above the ceiling of eco, $0.001 for 1,000; the usual price would be too, by half.
    const kept = keptOf(input).kept.input;
    expect(kept.candidates[place]!.facts.prices).toEqual(prices);
    expect(requestCostPicoUsd(kept.candidates[place]!, needs)).toBe(200_001 * 5_000_000);
    expect(requestCostPicoUsd(kept.candidates[place]!, { ...needs, promptTokens: 200_000 })).toBe(
      200_000 * 2_500_000,
    );
    const old = decodeDecision({ ...record, candidates: record.candidates.map((one) => one.slice(0, 14)) });
    expect(requestCostPicoUsd(old!.input.candidates[place]!, needs)).toBe(200_001 * 2_500_000);
  });

  it('of nobody says so', () => {
    const { kept } = keptOf(aRequest({ candidates: [aCandidate('a', { mode: 'rerank' })], rules: eco }));
    expect([kept.chosenDeploymentId, kept.input.candidates]).toEqual([null, []]);
  });

  it('is made again just so, score by score, whatever it was made of', () => {
    fc.assert(
      fc.property(anyInput, fc.boolean(), (given, keepsOrder) => {
        const input = { ...given, rules: { ...given.rules, keepsOrder } };
        const ranking = rankCandidates(input);
        const replayed = again(input);
        expect(scoresOf(replayed)).toEqual(scoresOf(ranking));
        expect(replayed.isExploring).toBe(ranking.isExploring);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is the same decision when it is kept a second time', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const first = encodeDecision(subject, input, rankCandidates(input));
        const replayed = { ...keptOf(input).kept.input, rules: input.rules };
        const second = encodeDecision(subject, replayed, rankCandidates(replayed));
        expect(second.candidates).toEqual(first.candidates);
        expect(second.chosen).toBe(first.chosen);
      }),
    );
  });

  it('of hundreds of candidates keeps 40, and makes the same choice', () => {
    const many = fc.record({
      seeds: fc.array(fc.nat({ max: 9 }), { minLength: 60, maxLength: 120 }),
      draw: fc.double({ min: 0, max: 0.02, noNaN: true }),
      affinityKey: fc.option(fc.string({ maxLength: 3 }), { freq: 2 }),
    });
    fc.assert(
      fc.property(many, ({ seeds, draw, affinityKey }) => {
        const candidates = seeds.map((seed, index) =>
          aCandidate(`dep_${index}`, {
            usdPerMillion: [seed / 20, seed / 10],
            facts: { quality: 1 - seed / 10 },
            performance: { firstByteMs: 100, errorRate: 0, weight: seed % 3 },
          }),
        );
        const input = aRequest({ candidates, rules: eco, draw, affinityKey });
        const { kept, bytes } = keptOf(input);
        const stored = new Set(kept.input.candidates.map(({ deployment }) => deployment.id));
        expect(stored.size <= 40 && stored.size >= 24).toBe(true);
        expect(bytes).toBeLessThan(5_000);
        const original = rankCandidates(input);
        const replayed = again(input);
        expect(idsOf(replayed)).toEqual(idsOf(original).filter((id) => stored.has(id)));
        expect(idsOf(replayed)[0]).toBe(idsOf(original)[0]);
        expect(replayed.isExploring).toBe(original.isExploring);
      }),
      { numRuns: 50 },
    );
  });

  it('shows what another level would have chosen: those that were too dear are kept too', () => {
    const candidates = [
      aCandidate('cheap', { usdPerMillion: [0.1, 0.1], facts: { quality: 0.2 } }),
      aCandidate('good', { usdPerMillion: [5, 5], facts: { quality: 0.95 } }),
    ];
    const input = aRequest({ candidates, rules: eco });
    expect(idsOf(rankCandidates(input))).toEqual(['cheap']);
    expect(idsOf(again(input, precision))).toEqual(['good', 'cheap']);
    expect(scoresOf(again(input, precision))).toEqual(
      scoresOf(rankCandidates({ ...input, rules: precision })),
    );
  });

  it.each([
    null,
    {},
    'text',
    { v: 2 },
    {
      ...encodeDecision(subject, aRequest({ candidates: [], rules: eco }), {
        ranked: [],
        dropped: [],
        isExploring: false,
      }),
      draw: 'x',
    },
    {
      ...encodeDecision(subject, aRequest({ candidates: [], rules: eco }), {
        ranked: [],
        dropped: [],
        isExploring: false,
      }),
      candidates: [['model', 'dep_1', -1, 0, 1, 0, 0, 0, 'openai', 0, null, null, null]],
    },
  ])('that is none is not read: %j', (value) => {
    expect(decodeDecision(value)).toBeNull();
  });
});

describe('the hash of a policy', () => {
  it('is the same for equal policies, in whatever order they were written', () => {
    const left = routingPolicy.parse({ aliases: { a: 'x', b: 'y' }, attempt_limit: 2 });
    const right = routingPolicy.parse({ attempt_limit: 2, aliases: { b: 'y', a: 'x' } });
    expect(policyHashOf(left)).toBe(policyHashOf(right));
    expect(policyHashOf(left)).toMatch(/^[0-9a-f]{16}$/);
    expect(policyHashOf(left)).not.toBe(policyHashOf(policy));
  });

  it('tells the order of a cascade apart', () => {
    const hashes = [
      ['a', 'b'],
      ['b', 'a'],
    ].map((cascade) => policyHashOf(routingPolicy.parse({ cascades: { '*': cascade } })));
    expect(hashes[0]).not.toBe(hashes[1]);
  });
});
