import {
  type PowerLevel,
  powerLevels,
  type RankingInput,
  type RequestNeeds,
  routingPolicy,
  type ScoringCandidate,
  type ScoringRules,
  scoringRulesOf,
} from '@signalbox/gateway';
import fc from 'fast-check';
import { aCandidate, plainNeeds } from './scoring-world';

const kinds = ['openai', 'anthropic', 'groq', 'openrouter', 'together', 'ollama'];
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> =>
  fc.option(value, { freq: 4 });
/** From nothing to far beyond every ceiling. */
const picoPrice = maybe(fc.oneof(fc.nat({ max: 3_000_000 }), fc.nat({ max: 300_000_000 })));

const perToken = { input: picoPrice, output: picoPrice, cache_read: picoPrice, cache_write: picoPrice };
/** For prompts of lengths that come here; dearer and cheaper ones. */
const tiers = fc
  .uniqueArray(fc.record({ above_prompt_tokens: fc.nat({ max: 200_000 }), ...perToken }), {
    selector: ({ above_prompt_tokens: above }) => above,
    maxLength: 3,
  })
  .map((unsorted) => unsorted.sort((left, right) => left.above_prompt_tokens - right.above_prompt_tokens));
const prices = fc.record(
  { ...perToken, request: maybe(fc.nat({ max: 1_000_000 })), long_prompt: tiers },
  { requiredKeys: ['input', 'output', 'cache_read', 'cache_write', 'request'] },
);

export const anyCandidate: fc.Arbitrary<ScoringCandidate> = fc
  .record({
    kind: fc.constantFrom(...kinds),
    mode: fc.constantFrom('chat', 'chat', 'chat', 'embedding', null),
    isBreakerOpen: fc.constantFrom(false, false, false, true),
    credential: fc.constantFrom({ id: 'cred', owner: 'platform' as const }, null),
    facts: fc.record({
      prices: maybe(prices),
      quality: maybe(fc.double({ min: 0, max: 1, noNaN: true })),
      local: fc.boolean(),
      free: fc.constantFrom(false, false, false, true),
      tools: maybe(fc.boolean()),
      region: maybe(fc.constantFrom('eu', 'us')),
      zero_data_retention: maybe(fc.boolean()),
      trains_on_data: maybe(fc.boolean()),
      prior_first_byte_ms: maybe(fc.integer({ min: 1, max: 20_000 })),
    }),
    performance: fc.record({
      firstByteMs: maybe(fc.double({ min: 0, max: 30_000, noNaN: true })),
      errorRate: fc.double({ min: 0, max: 1, noNaN: true }),
      weight: fc.double({ min: 0, max: 100, noNaN: true }),
      cachedShare: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  })
  .map((change) => aCandidate('one', change));

/** Few kinds of figures, so that ties come often; each with an id of its own. */
const anyCandidates: fc.Arbitrary<readonly ScoringCandidate[]> = fc
  .tuple(fc.array(anyCandidate, { minLength: 1, maxLength: 4 }), fc.array(fc.nat(), { maxLength: 12 }))
  .map(([figures, picks]) =>
    picks.map((pick, index) => ({
      ...withId(figures[pick % figures.length]!, `dep_${(index * 7) % 13}`),
      model: `model-${(index * 5) % 3}`,
    })),
  );

export function withId(candidate: ScoringCandidate, id: string): ScoringCandidate {
  return { ...candidate, deployment: { ...candidate.deployment, id } };
}

export const anyNeeds: fc.Arbitrary<RequestNeeds> = fc
  .record({
    promptTokens: fc.nat({ max: 200_000 }),
    expectedAnswerTokens: fc.nat({ max: 4_000 }),
    needsTools: fc.boolean(),
  })
  .map((change) => ({ ...plainNeeds, ...change }));

const anyPolicy = fc.record(
  {
    strategy: fc.constantFrom('level', 'cost', 'latency', 'balanced'),
    max_cost_per_1k_usd: fc.constantFrom('0', '0.0001', '0.01', null),
    unpriced: fc.constantFrom('drop', 'last'),
    prefer_local: fc.boolean(),
    regions: fc.constantFrom(null, ['eu'], ['eu', 'local']),
    zero_data_retention: fc.constantFrom(false, false, true),
    no_training: fc.constantFrom(false, false, true),
    exploration: fc.constantFrom(0, 0.01, 0.2),
  },
  { requiredKeys: [] },
);
export const anyRules: fc.Arbitrary<ScoringRules> = fc
  .tuple(anyPolicy, fc.constantFrom<PowerLevel>(...powerLevels))
  .map(([policy, level]) => scoringRulesOf(routingPolicy.parse(policy), { kind: 'level', level }));

export const anyInput: fc.Arbitrary<RankingInput> = fc.record({
  candidates: anyCandidates,
  needs: anyNeeds,
  rules: anyRules,
  draw: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  affinityKey: maybe(fc.string({ maxLength: 4 })),
});
