import fc from 'fast-check';
import { aChoice, walletOf } from '../../../test/support/route-world';
import { plainNeeds } from '../../../test/support/scoring-world';
import { listAllows } from './model-allowlist';
import { chooseRoute } from './route-choice';
import type { RouteChoiceInput } from './route-choice.types';
import { costPer1kPicoUsdOf, requestCostPicoUsd } from './scoring/candidate-figures';
import { scoringRulesOf } from './scoring/scoring-rules';

const kinds = ['openai', 'anthropic', 'groq', 'ollama'];
const names = ['a', 'b', 'c', 'd', 'e'];
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> =>
  fc.option(value, { freq: 3 });

const anyModel = fc.record({
  kinds: fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 3 }),
  mode: fc.constantFrom('chat', 'chat', 'chat', 'embedding'),
  usdPerMillion: maybe(fc.constantFrom(0, 0.1, 1, 1.000001, 10, 100, 500)),
  facts: fc.record({
    region: maybe(fc.constantFrom('eu', 'us')),
    zero_data_retention: maybe(fc.boolean()),
    trains_on_data: maybe(fc.boolean()),
    local: fc.boolean(),
    tools: maybe(fc.boolean()),
    quality: maybe(fc.double({ min: 0, max: 1, noNaN: true })),
  }),
});
const anyList = fc.array(
  fc.constantFrom(...names, 'eco', 'precision', 'smart', 'mine', 'no-default-models'),
  {
    maxLength: 3,
  },
);
const anyPolicy = fc.record(
  {
    max_cost_per_1k_usd: fc.constantFrom(null, '0', '0.0005', '0.01'),
    unpriced: fc.constantFrom('drop', 'last'),
    regions: maybe(fc.constant(['eu', 'local'])),
    zero_data_retention: fc.boolean(),
    no_training: fc.boolean(),
    prefer_local: fc.boolean(),
    exploration: fc.constantFrom(0, 0.2),
    groups: fc.constant({ mine: { models: ['a', 'b', 'gone'], strategy: 'score', power_level: 'eco' } }),
    cascades: fc.constantFrom({}, { '*': ['c', 'd'] }, { eco: ['e'] }),
    cross_vendor: fc.boolean(),
  },
  { requiredKeys: [] },
);

const anyInput: fc.Arbitrary<RouteChoiceInput> = fc
  .record({
    asked: fc.constantFrom('eco', 'balanced', 'precision', 'smart', 'mine', 'auto', 'a', 'b'),
    models: fc.dictionary(fc.constantFrom(...names), anyModel, { minKeys: 1 }),
    policy: anyPolicy,
    keyModels: anyList,
    workspaceModels: anyList,
    paid: fc.subarray(kinds),
    open: fc.subarray(names),
    draw: fc.double({ min: 0, max: 1, noNaN: true }),
    affinityKey: maybe(fc.constant('someone')),
    needsTools: fc.boolean(),
  })
  .map(({ paid, open, needsTools, ...change }) => {
    const wallet = walletOf(paid);
    const documentOf = (owner: string) => (owner === 'platform' ? wallet : null);
    const isBreakerOpen =
      open.length === 0 ? null : (name: string) => open.some((one) => name.startsWith(`litellm/dep_${one}/`));
    const needs = () => ({ ...plainNeeds, needsTools });
    return aChoice(change.asked, { ...change, documentOf, isBreakerOpen, needs });
  });

function all(input: RouteChoiceInput) {
  const choice = chooseRoute(input);
  const own = choice.ranking ? new Set(choice.ranking.ranked.map(({ candidate }) => candidate.model)) : null;
  const candidates = [];
  for (let next = choice.plan.next(); next; next = choice.plan.next()) candidates.push(next);
  return { choice, own, candidates };
}

it('never widens a list, level or not', () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      const { choice, candidates } = all(input);
      const { name } = choice.target;
      const isBuiltIn = choice.target.kind === 'auto' || name === 'smart';
      const listNames = isBuiltIn && choice.powerLevel ? [name, choice.powerLevel] : [name];
      for (const { model } of candidates)
        for (const list of [input.key.models, input.workspace.models]) {
          const allowsByName =
            choice.target.kind !== 'model' && listNames.some((one) => listAllows(list, one));
          expect(allowsByName || listAllows(list, model)).toBe(true);
        }
    }),
    { numRuns: 500 },
  );
});

it('never passes the ceiling of a level, also behind breakers that may have closed', () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      const { choice, candidates } = all({ ...input, policy: { ...input.policy, cascades: {} } });
      if (choice.target.kind === 'model') return;
      const rules =
        choice.target.kind === 'group'
          ? scoringRulesOf(input.policy, { kind: 'group', group: choice.target.name })
          : scoringRulesOf(input.policy, { kind: 'level', level: choice.powerLevel! });
      for (const { model, deployment, credential } of candidates) {
        const facts = input.facts!.deployments[deployment!.id]!;
        const scored = { model, mode: null, deployment: deployment!, credential, facts } as never;
        const cost = requestCostPicoUsd(scored, input.needs());
        if (cost === null) expect(rules.allowsUnpriced).toBe(true);
        else if (rules.maxCostPer1kPicoUsd !== null)
          expect(costPer1kPicoUsdOf(cost, input.needs())).toBeLessThanOrEqual(rules.maxCostPer1kPicoUsd);
      }
    }),
    { numRuns: 500 },
  );
});

it('never calls whom the policy forbids, whoever has no key, or who serves something else', () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      const { policy } = input;
      const { choice, candidates } = all(input);
      for (const { deployment, credential, model } of candidates) {
        const facts = input.facts!.deployments[deployment!.id]!;
        expect(credential).not.toBeNull();
        const isLocal = facts.local;
        if (policy.regions !== null) expect(isLocal || facts.region === 'eu').toBe(true);
        if (policy.zero_data_retention) expect(facts.zero_data_retention ?? isLocal).toBe(true);
        if (policy.no_training) expect(facts.trains_on_data ?? !isLocal).toBe(false);
        const entry = input.catalogue!.models.find(({ name }) => name === model)!;
        if (choice.target.kind !== 'model') expect(entry.mode).toBe('chat');
      }
    }),
    { numRuns: 500 },
  );
});

it('does not depend on the order of the catalogue, and says the same twice', () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      const ids = (one: RouteChoiceInput) => all(one).candidates.map(({ deployment }) => deployment?.id);
      const models = [...input.catalogue!.models].reverse();
      const reversed = { ...input, catalogue: { ...input.catalogue!, models } };
      expect(ids(input)).toEqual(ids(input));
      expect(ids(reversed)).toEqual(ids(input));
    }),
  );
});
