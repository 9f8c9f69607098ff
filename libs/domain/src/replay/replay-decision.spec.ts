import {
  decodeDecision,
  type DecisionSubject,
  encodeDecision,
  type KeptDecision,
  policyHashOf,
  powerLevels,
  rankCandidates,
  type RankingInput,
  type RoutingPolicy,
  routingPolicy,
  scoringRulesOf,
} from '@signalbox/gateway';
import fc from 'fast-check';
import { anyInput } from '../../../../test/support/scoring-arbitraries';
import { aCandidate, plainNeeds } from '../../../../test/support/scoring-world';
import { replayDecision, type ReplayedDecision } from './replay-decision';
import { type ReplayChange, targetOf } from './replay-target';

const defaults = routingPolicy.parse({});

const anyPolicy: fc.Arbitrary<RoutingPolicy> = fc
  .record({
    power_level: fc.constantFrom(...powerLevels),
    strategy: fc.constantFrom('level', 'cost', 'latency', 'balanced'),
    unpriced: fc.constantFrom('drop', 'last'),
    prefer_local: fc.boolean(),
    session_affinity: fc.constantFrom('off', 'session'),
    exploration: fc.constantFrom(0, 0.01, 0.2),
    classification: fc.constantFrom('off', 'rules'),
    max_cost_per_1k_usd: fc.constantFrom('0.0001', '0.01', null),
    levels: fc.constantFrom({}, { eco: { models: ['model-1', 'model-0'] } }),
    groups: fc.constantFrom({}, { mine: { models: ['model-2', 'model-0'] } }),
  })
  .map((policy) => routingPolicy.parse(policy));

const anySubject = fc.record({
  kind: fc.constantFrom<DecisionSubject['kind']>('level', 'group', 'model', 'auto'),
  powerLevel: fc.constantFrom(...powerLevels),
});

/** As the edge makes a decision: the pool first, then the ranking; and as it comes back from the database. */
function decided(
  policy: RoutingPolicy,
  { kind, powerLevel }: { kind: DecisionSubject['kind']; powerLevel: (typeof powerLevels)[number] },
  given: Omit<RankingInput, 'rules'>,
  classification?: DecisionSubject['classification'],
): KeptDecision {
  const asked = kind === 'level' ? powerLevel : kind === 'group' ? 'smart' : 'model-1';
  const target =
    kind === 'model'
      ? ({ kind } as const)
      : kind === 'group'
        ? ({ kind, group: asked } as const)
        : ({ kind: 'level', level: powerLevel } as const);
  const rules = scoringRulesOf(policy, target);
  const affinityKey = policy.session_affinity === 'session' ? given.affinityKey : null;
  const input = { ...given, affinityKey, rules };
  const subject: DecisionSubject = {
    asked,
    kind,
    powerLevel: kind === 'model' ? null : rules.powerLevel,
    strategy: policy.strategy,
    policy: policyHashOf(policy),
    ...(classification && { classification }),
  };
  const text = JSON.stringify(encodeDecision(subject, input, rankCandidates(input)));
  const kept = decodeDecision(JSON.parse(text));
  if (!kept) throw new Error('cannot be read');
  return kept;
}

function changeOf(base: RoutingPolicy, more: Partial<ReplayChange> = {}): ReplayChange {
  return { base, policy: base, asLevel: null, ...more };
}

function replayed(kept: KeptDecision, change: ReplayChange): ReplayedDecision {
  const outcome = replayDecision(kept, change);
  if (typeof outcome === 'string') throw new Error(outcome);
  return outcome;
}

const two = [
  aCandidate('cheap', { usdPerMillion: [0.1, 0.1], facts: { quality: 0.2 } }),
  aCandidate('good', { usdPerMillion: [5, 5], facts: { quality: 0.95 } }),
];
const given = { candidates: two, needs: plainNeeds, draw: 0.5, affinityKey: null };
const eco = { kind: 'level', powerLevel: 'eco' } as const;
const idOf = (candidate: ReplayedDecision['after']): string | null => candidate?.deployment.id ?? null;

describe('a decision that is made again', () => {
  it('is the same under the same policy, whatever it was made of', () => {
    fc.assert(
      fc.property(anyPolicy, anySubject, anyInput, (policy, subject, input) => {
        const kept = decided(policy, subject, input);
        const { before, after, isUnchanged, doubts } = replayed(kept, changeOf(policy));
        expect([isUnchanged, doubts]).toEqual([true, []]);
        expect(idOf(after)).toBe(kept.chosenDeploymentId);
        expect(idOf(before)).toBe(kept.chosenDeploymentId);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is the same under another policy that differs in nothing that counts', () => {
    const pools = { levels: {}, groups: {} };
    fc.assert(
      fc.property(anyPolicy, anySubject, anyInput, (drawn, subject, input) => {
        fc.pre(subject.kind !== 'auto');
        const policy = { ...drawn, ...pools };
        const kept = decided(policy, subject, input);
        const other = { ...policy, attempt_limit: 9 };
        const { after, isUnchanged } = replayed(kept, changeOf(policy, { policy: other }));
        expect(isUnchanged).toBe(false);
        expect(idOf(after)).toBe(kept.chosenDeploymentId);
      }),
    );
  });

  it('is another one under another level', () => {
    const kept = decided(defaults, eco, given);
    const outcome = replayed(kept, changeOf(defaults, { asLevel: 'precision' }));
    expect([idOf(outcome.before), idOf(outcome.after), outcome.levelBefore]).toEqual([
      'cheap',
      'good',
      'eco',
    ]);
    expect(outcome.doubts).toEqual([]);
  });

  it('keeps the model that was asked for by its name', () => {
    const kept = decided(defaults, { kind: 'model', powerLevel: 'eco' }, given);
    const outcome = replayed(kept, changeOf(defaults, { asLevel: 'precision' }));
    expect(outcome.isUnchanged).toBe(true);
    expect(idOf(outcome.after)).toBe(idOf(outcome.before));
  });

  it('is nobody where the new policy allows nobody', () => {
    const kept = decided(defaults, eco, given);
    const policy = routingPolicy.parse({ regions: ['eu'] });
    expect(idOf(replayed(kept, changeOf(defaults, { policy })).after)).toBeNull();
  });

  it('chooses from the pool of the new policy, and in its order', () => {
    const policy = routingPolicy.parse({ groups: { smart: { models: ['model-good', 'model-cheap'] } } });
    const kept = decided(defaults, { kind: 'group', powerLevel: 'eco' }, given);
    expect(idOf(replayed(kept, changeOf(defaults, { policy })).after)).toBe('good');
    const turned = routingPolicy.parse({ groups: { smart: { models: ['model-cheap', 'model-good'] } } });
    expect(idOf(replayed(kept, changeOf(defaults, { policy: turned })).after)).toBe('cheap');
  });

  it('cannot choose whom the record does not have', () => {
    const policy = routingPolicy.parse({ levels: { eco: { models: ['elsewhere'] } } });
    expect(replayDecision(decided(defaults, eco, given), changeOf(defaults, { policy }))).toBe(
      'pool_not_recorded',
    );
  });

  it('says where the record is of a narrower pool, of another policy, or cut', () => {
    const narrow = routingPolicy.parse({ levels: { eco: { models: ['model-cheap', 'model-good'] } } });
    const kept = decided(narrow, eco, given);
    const asLevel = 'balanced';
    expect(replayed(kept, changeOf(narrow, { asLevel })).doubts).toEqual(['pool_was_narrower']);
    expect(replayed(kept, changeOf(defaults, { asLevel })).doubts).toEqual(['made_under_another_policy']);
    const many = Array.from({ length: 60 }, (_, index) => aCandidate(`dep_${index}`));
    const cut = decided(defaults, eco, { ...given, candidates: many });
    expect(replayed(cut, changeOf(defaults, { asLevel })).doubts).toEqual(['candidates_left_out']);
  });
});

describe('what `auto` means in a replay', () => {
  const auto = { kind: 'auto', powerLevel: 'precision' } as const;
  const hard = { difficulty: 'hard', by: 'rules', reasons: ['math'] } as const;
  const rules = routingPolicy.parse({ classification: 'rules', power_level: 'eco' });
  const off = routingPolicy.parse({ power_level: 'eco' });

  it('is the level that it was under the same policy', () => {
    expect(targetOf(decided(rules, auto, given), changeOf(rules))).toEqual({
      kind: 'level',
      level: 'precision',
    });
  });

  it('is the level of the new policy where nobody is to look at the request', () => {
    const target = targetOf(decided(rules, auto, given, hard), changeOf(rules, { policy: off }));
    expect(target).toEqual({ kind: 'level', level: 'eco' });
  });

  it('is the level of the difficulty that was seen', () => {
    const policy = { ...rules, exploration: 0 };
    expect(targetOf(decided(rules, auto, given, hard), changeOf(rules, { policy }))).toEqual({
      kind: 'level',
      level: 'precision',
    });
  });

  it('is unknown where nobody looked', () => {
    expect(targetOf(decided(off, auto, given), changeOf(off, { policy: rules }))).toBe(
      'classification_missing',
    );
  });
});

it('a group that is gone cannot be asked for', () => {
  const mine = routingPolicy.parse({
    groups: { smart: { models: ['model-good'] }, mine: { models: ['a'] } },
  });
  const kept = { ...decided(mine, { kind: 'group', powerLevel: 'eco' }, given), asked: 'mine' };
  expect(replayDecision(kept, changeOf(mine, { policy: defaults }))).toBe('group_unknown');
});
