import { routingPolicy } from '../routing-policy';
import {
  builtInGroups,
  isGroup,
  levelDefaults,
  poolOf,
  type RoutingTarget,
  scoringRulesOf,
} from './scoring-rules';

const policyOf = (policy: object = {}) => routingPolicy.parse(policy);
const eco: RoutingTarget = { kind: 'level', level: 'eco' };
const named: RoutingTarget = { kind: 'model' };
const group = (name: string): RoutingTarget & { kind: 'group' } => ({ kind: 'group', group: name });

describe('the rules of a request', () => {
  it.each([
    ['eco', 1_000_000_000, { cost: 70, latency: 20, quality: 10 }],
    ['balanced', 10_000_000_000, { cost: 40, latency: 40, quality: 20 }],
    ['precision', 100_000_000_000, { cost: 10, latency: 30, quality: 60 }],
  ] as const)('of level %s are those of the requirements', (level, ceiling, weights) => {
    expect(scoringRulesOf(policyOf(), { kind: 'level', level })).toMatchObject({
      powerLevel: level,
      weights,
      maxCostPer1kPicoUsd: ceiling,
      costScalePicoUsd: ceiling,
      maxFirstByteMs: 10_000,
      allowsUnpriced: false,
      exploration: 0.01,
      keepsOrder: false,
    });
  });

  it('take what the policy changes of a level, and leave the rest', () => {
    const policy = policyOf({ levels: { eco: { max_cost_per_1k_usd: '0.0005', preferred: ['ollama'] } } });
    expect(scoringRulesOf(policy, eco)).toMatchObject({
      weights: { cost: 70, latency: 20, quality: 10 },
      maxCostPer1kPicoUsd: 500_000_000,
      costScalePicoUsd: 500_000_000,
      preferred: ['ollama'],
    });
    expect(scoringRulesOf(policy, { kind: 'level', level: 'balanced' }).preferred).toEqual(
      levelDefaults.balanced.preferred,
    );
  });

  it('have the lower one of two ceilings; without any, costs are measured by the built-in one', () => {
    const ceilings = (level: string | null | undefined, general: string | null) => {
      const levels = level === undefined ? {} : { eco: { max_cost_per_1k_usd: level } };
      const rules = scoringRulesOf(policyOf({ levels, max_cost_per_1k_usd: general }), eco);
      return [rules.maxCostPer1kPicoUsd, rules.costScalePicoUsd];
    };
    expect(ceilings(undefined, '0.0002')).toEqual([200_000_000, 200_000_000]);
    expect(ceilings('0.0001', '0.0002')).toEqual([100_000_000, 100_000_000]);
    expect(ceilings(null, '0.0002')).toEqual([200_000_000, 200_000_000]);
    expect(ceilings(null, null)).toEqual([null, 1_000_000_000]);
  });

  it.each([
    ['level', { cost: 70, latency: 20, quality: 10 }],
    ['cost', { cost: 1, latency: 0, quality: 0 }],
    ['latency', { cost: 0, latency: 1, quality: 0 }],
    ['balanced', { cost: 40, latency: 40, quality: 20 }],
    ['custom', { cost: 1, latency: 2, quality: 3 }],
  ])('weigh by the strategy %s', (strategy, weights) => {
    const policy = policyOf({ strategy, weights: { cost: 1, latency: 2, quality: 3 } });
    expect(scoringRulesOf(policy, eco).weights).toEqual(weights);
    expect(scoringRulesOf(policy, eco).maxCostPer1kPicoUsd).toBe(1_000_000_000);
  });

  it('of custom without weights are those of the level', () => {
    expect(scoringRulesOf(policyOf({ strategy: 'custom' }), eco).weights.cost).toBe(70);
  });

  it("of a model's own name have no ceiling, and the weights of the workspace's level", () => {
    expect(scoringRulesOf(policyOf({ power_level: 'eco', max_cost_per_1k_usd: '0' }), named)).toMatchObject({
      powerLevel: null,
      weights: { cost: 70, latency: 20, quality: 10 },
      maxCostPer1kPicoUsd: null,
      allowsUnpriced: true,
    });
  });

  it('carry the data rules to whatever was asked for', () => {
    const policy = policyOf({
      regions: ['eu'],
      zero_data_retention: true,
      no_training: true,
      prefer_local: true,
    });
    for (const target of [eco, named, group('smart')])
      expect(scoringRulesOf(policy, target)).toMatchObject({
        regions: ['eu'],
        zeroDataRetention: true,
        noTraining: true,
        preferLocal: true,
      });
  });

  it('are worked out once for each policy', () => {
    const policy = policyOf();
    expect(scoringRulesOf(policy, eco)).toBe(scoringRulesOf(policy, eco));
    expect(scoringRulesOf(policy, named)).not.toBe(scoringRulesOf(policy, eco));
    expect(scoringRulesOf(policyOf(), eco)).not.toBe(scoringRulesOf(policy, eco));
  });
});

describe('groups', () => {
  it('are built in: smart is precision, cheap is eco', () => {
    expect(builtInGroups).toEqual({ smart: 'precision', cheap: 'eco' });
    expect(scoringRulesOf(policyOf(), group('smart')).weights.quality).toBe(60);
    expect(scoringRulesOf(policyOf(), group('cheap')).weights.cost).toBe(70);
    expect(poolOf(policyOf({ levels: { eco: { models: ['a'] } } }), group('cheap'))).toEqual(['a']);
    expect(poolOf(policyOf(), group('cheap'))).toBeNull();
    expect(poolOf(policyOf({ levels: { eco: { models: ['a'] } } }), { kind: 'level', level: 'eco' })).toEqual(
      ['a'],
    );
  });

  it('of the policy take the place of the built-in ones, and keep the order that they have', () => {
    const policy = policyOf({ power_level: 'eco', groups: { smart: { models: ['b', 'a'] } } });
    expect(poolOf(policy, group('smart'))).toEqual(['b', 'a']);
    expect(scoringRulesOf(policy, group('smart'))).toMatchObject({
      powerLevel: 'eco',
      keepsOrder: true,
      maxCostPer1kPicoUsd: null,
      allowsUnpriced: true,
    });
  });

  it('go by score where the policy says so, under the ceiling of their level', () => {
    const policy = policyOf({
      groups: { best: { models: ['a'], strategy: 'score', power_level: 'precision' } },
    });
    expect(scoringRulesOf(policy, group('best'))).toMatchObject({
      powerLevel: 'precision',
      keepsOrder: false,
      maxCostPer1kPicoUsd: 100_000_000_000,
      allowsUnpriced: false,
    });
  });

  it('are only those: names come from clients', () => {
    expect(
      ['smart', 'cheap', 'constructor', '__proto__', 'eco', 'other'].map((name) => isGroup(policyOf(), name)),
    ).toEqual([true, true, false, false, false, false]);
    expect(isGroup(policyOf({ groups: { other: { models: ['a'] } } }), 'other')).toBe(true);
  });
});

it.each(['cost', 'latency'])('the strategy %s looks at nothing else: no kind is preferred', (strategy) => {
  const policy = policyOf({ strategy, levels: { eco: { preferred: ['groq'] } } });
  expect(scoringRulesOf(policy, { kind: 'level', level: 'eco' }).preferred).toEqual([]);
  expect(scoringRulesOf(policyOf(), { kind: 'level', level: 'eco' }).preferred).toContain('groq');
});
