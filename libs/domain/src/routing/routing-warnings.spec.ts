import { routingPolicy } from '@signalbox/gateway';
import { aCatalogueOf, type ModelChange } from '../../../../test/support/route-world';
import { routingWarnings } from './routing-warnings';

const warningsOf = (
  policy: object,
  models: Readonly<Record<string, ModelChange>>,
  allowed: readonly string[] = [],
  knowsFacts = true,
): [string, string][] => {
  const { catalogue, facts } = aCatalogueOf(models);
  return routingWarnings({
    policy: routingPolicy.parse(policy),
    catalogue,
    facts: knowsFacts ? facts : null,
    allowed,
  })
    .filter(({ code }) => code === 'nobody_left')
    .map(({ field, message }) => [field, /usual request: ([^.]*)\./.exec(message)?.[1] ?? message]);
};

it('a cascade of a name that every object has is one like any other, also where a wildcard could serve it', () => {
  const policy = routingPolicy.parse({ cascades: { toString: ['fast'], 'any/one': ['fast'] } });
  const models = { fast: {}, 'any/*': { kinds: ['anthropic'] } };
  const warnings = routingWarnings({ policy, ...aCatalogueOf(models), allowed: [] });
  expect(warnings.map(({ message }) => message)).toEqual([
    'fast is of openai and toString of an unknown one: the step is skipped unless cross_vendor is true.',
    'fast is of openai and any/one of anthropic: the step is skipped unless cross_vendor is true.',
  ]);
});

const toldOf = (policy: object, allowed: readonly string[] = []): [string, string][] => {
  const surroundings = { ...aCatalogueOf({ fast: {}, smart: {} }), allowed };
  return routingWarnings({ policy: routingPolicy.parse(policy), ...surroundings }).map(({ field, code }) => [
    field,
    code,
  ]);
};

describe('a list of models that names a level or a group', () => {
  const policy = { levels: { eco: { models: ['fast'] } }, groups: { mine: { models: ['smart'] } } };

  it.each([['eco'], ['cheap'], ['auto']])('%s allows what is behind it', (name) => {
    expect(toldOf(policy, [name, 'mine'])).toEqual([]);
    expect(toldOf(policy, [name])).toEqual([['groups.mine.models.0', 'model_forbidden']]);
  });

  it('allows nothing behind others, and no step of its cascade', () => {
    expect(toldOf(policy, ['precision', 'smart'])).toEqual([['levels.eco.models.0', 'model_forbidden']]);
    expect(toldOf({ cascades: { eco: ['fast'] } }, ['eco'])).toEqual([['cascades.eco.0', 'model_forbidden']]);
  });
});

describe('aliases', () => {
  it('stand for their models in a cascade, a level and a group, as they do at the edges', () => {
    const aliases = { quick: 'fast', lost: 'gone' };
    expect(toldOf({ aliases: { quick: 'fast' }, cascades: { smart: ['quick'] } })).toEqual([]);
    expect(toldOf({ aliases: { quick: 'fast' }, levels: { eco: { models: ['quick'] } } })).toEqual([]);
    expect(toldOf({ aliases, groups: { mine: { models: ['quick', 'lost'] } } })).toEqual([
      ['aliases.lost', 'model_unknown'],
      ['groups.mine.models.1', 'model_unknown'],
    ]);
  });

  it('hide a cascade of their name: they are resolved before anything else', () => {
    expect(toldOf({ aliases: { quick: 'fast' }, cascades: { quick: ['smart', 'gone'] } })).toEqual([
      ['cascades.quick', 'name_taken'],
    ]);
    expect(toldOf({ aliases: { fast: 'fast' }, cascades: { fast: ['smart'] } })).toEqual([]);
  });
});

describe('a level or a group that can choose nobody', () => {
  it('is told with what keeps its models from being chosen', () => {
    // 0.5 USD per million tokens is half of the ceiling of eco; 5 is above it.
    const models = {
      cheap: { usdPerMillion: 0.5 },
      dear: { usdPerMillion: 5 },
      unknown: { usdPerMillion: null },
    };
    expect(warningsOf({}, models)).toEqual([]);
    expect(warningsOf({ levels: { eco: { models: ['dear', 'unknown'] } } }, models)).toEqual([
      ['levels.eco', '1 price_ceiling, 1 price_unknown'],
    ]);
    expect(warningsOf({ max_cost_per_1k_usd: '0.0001' }, models).map(([field]) => field)).toEqual([
      'levels.eco',
      'levels.balanced',
      'levels.precision',
    ]);
  });

  it('is told where the rules for data leave nobody', () => {
    const models = { far: { facts: { region: 'us' } }, own: { facts: { local: true } } };
    expect(warningsOf({ regions: ['eu'], groups: { mine: { models: ['own'] } } }, models)).toEqual([
      ['levels.eco', '2 region'],
      ['levels.balanced', '2 region'],
      ['levels.precision', '2 region'],
      ['groups.mine', '1 region'],
    ]);
    expect(warningsOf({ zero_data_retention: true }, models)).toEqual([]);
    expect(warningsOf({ zero_data_retention: true }, models, ['far'])).toHaveLength(3);
  });

  it('is not told of while nobody knows the deployments, or there are none', () => {
    const models = { unknown: { usdPerMillion: null } };
    expect(warningsOf({}, models)).toHaveLength(3);
    expect(warningsOf({}, models, [], false)).toEqual([]);
    expect(warningsOf({}, {})).toEqual([]);
    expect(warningsOf({ levels: { eco: { models: ['gone'] } }, unpriced: 'last' }, models)).toEqual([]);
  });

  it('is hidden by a model of its name', () => {
    expect(
      warningsOf({ levels: { eco: { models: ['b'] } } }, { eco: {}, b: { usdPerMillion: null } }),
    ).toEqual([]);
  });
});
