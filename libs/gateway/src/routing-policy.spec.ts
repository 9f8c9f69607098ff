import fc from 'fast-check';
import {
  defaultRoutingPolicy,
  effectiveRouting,
  readRoutingRules,
  routingPolicy,
  routingRules,
  type RoutingRules,
  withRules,
} from './routing-policy';

describe('the rules of one level', () => {
  it('have no defaults: what is left out is left to the level above', () => {
    expect(routingRules.parse({})).toEqual({});
    expect(routingRules.parse({ attempt_limit: 2, hedge_after_ms: null })).toEqual({
      attempt_limit: 2,
      hedge_after_ms: null,
    });
  });

  it('know the same fields as the policy', () => {
    expect(Object.keys(routingRules.shape)).toEqual(Object.keys(defaultRoutingPolicy));
  });

  it('drop what this version does not know, inside of a level too', () => {
    const rules = { later: 1, levels: { eco: { models: ['a'], later: 1 } } };
    expect(routingRules.parse(rules)).toEqual({ levels: { eco: { models: ['a'] } } });
  });

  it.each([
    { exploration: 0.21 },
    { max_cost_per_1k_usd: 0.01 },
    { max_cost_per_1k_usd: '-1' },
    { max_cost_per_1k_usd: '1000' },
    { weights: { cost: 0, latency: 0, quality: 0 } },
    { levels: { cheapest: {} } },
    { groups: { smart: { models: [] } } },
  ])('refuse %j', (rules) => {
    expect(routingRules.safeParse(rules).success).toBe(false);
    expect(routingPolicy.safeParse(rules).success).toBe(false);
  });
});

describe('rules that somebody else wrote', () => {
  it('hold as far as they can be read', () => {
    const written = { attempt_limit: 99, aliases: { a: 'b' }, later: 1, levels: { eco: { models: ['a'] } } };
    expect(readRoutingRules(written)).toEqual({ aliases: { a: 'b' }, levels: { eco: { models: ['a'] } } });
    for (const nothing of [null, undefined, 'text', 7, []]) expect(readRoutingRules(nothing)).toEqual({});
  });

  it('protect data as strictly as they can where they cannot be read', () => {
    const written = { regions: { eu: true }, zero_data_retention: 'yes', no_training: null };
    expect(readRoutingRules(written)).toEqual({
      regions: [],
      zero_data_retention: true,
      no_training: true,
    });
  });

  it('lose one group, alias, cascade or level at a time', () => {
    const written = {
      groups: { smart: { models: ['a'] }, newer: { strategy: 'weather' } },
      aliases: { a: 'b', c: 7 },
      cascades: { '*': ['a'], b: 'a' },
      levels: { eco: { models: ['a'] }, precision: { models: 'all' }, newest: {} },
    };
    expect(readRoutingRules(written)).toEqual({
      groups: { smart: { models: ['a'] } },
      aliases: { a: 'b' },
      cascades: { '*': ['a'] },
      levels: { eco: { models: ['a'] } },
    });
    expect(readRoutingRules({ groups: { newer: 1 }, aliases: 7 })).toEqual({});
  });

  it('never lose a field because of another one', () => {
    const right: Record<string, unknown> = {
      cascades: { a: ['b'] },
      aliases: { a: 'b' },
      attempt_limit: 2,
      power_level: 'eco',
      weights: { cost: 1, latency: 0, quality: 0 },
      regions: ['eu'],
      no_training: true,
      exploration: 0.1,
    };
    const names = Object.keys(right);
    fc.assert(
      fc.property(fc.subarray(names), fc.jsonValue({ maxDepth: 2 }), (damaged, anything) => {
        const written = { ...right, ...Object.fromEntries(damaged.map((name) => [name, anything])) };
        const read: Record<string, unknown> = readRoutingRules(written);
        for (const name of names)
          if (!damaged.includes(name)) expect([name, read[name]]).toEqual([name, right[name]]);
        expect(routingRules.safeParse(read).success).toBe(true);
      }),
    );
  });

  it('are the same as those that are checked, where they are right', () => {
    const right = { attempt_limit: 3, regions: ['eu'], no_training: false, hedge_after_ms: null };
    expect(readRoutingRules(right)).toEqual(routingRules.parse(right));
  });
});

describe('the policy that holds', () => {
  it('is the default where nobody says anything', () => {
    expect(effectiveRouting()).toEqual(defaultRoutingPolicy);
    expect(effectiveRouting({}, {}, {})).toEqual(defaultRoutingPolicy);
  });

  it('takes each field from the nearest who wrote it, be it null', () => {
    const platform: RoutingRules = { attempt_limit: 2, hedge_after_ms: 500, cross_vendor: true };
    const organization: RoutingRules = { attempt_limit: 3, hedge_after_ms: null };
    expect(effectiveRouting(platform, organization, { power_level: 'eco' })).toEqual({
      ...defaultRoutingPolicy,
      attempt_limit: 3,
      hedge_after_ms: null,
      cross_vendor: true,
      power_level: 'eco',
    });
  });

  it('of one level alone is that level with all defaults', () => {
    const rules = fc.record(
      {
        attempt_limit: fc.integer({ min: 1, max: 10 }),
        hedge_after_ms: fc.constantFrom(null, 100),
        aliases: fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), fc.constant('a')),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(rules, (given) => {
        expect(effectiveRouting(routingRules.parse(given))).toEqual(routingPolicy.parse(given));
      }),
    );
  });
});

describe('what protects data', () => {
  const regions = fc.option(fc.subarray(['local', 'eu', 'us', 'asia']), { nil: null });
  const protective = fc.record(
    { regions, zero_data_retention: fc.boolean(), no_training: fc.boolean() },
    { requiredKeys: [] },
  );
  const levels = fc.array(protective, { maxLength: 4 });

  it('adds up over the levels', () => {
    const platform: RoutingRules = { zero_data_retention: true, regions: ['local', 'eu'] };
    const organization: RoutingRules = { no_training: true, regions: ['us', 'eu'] };
    const workspace: RoutingRules = { zero_data_retention: false, no_training: false, regions: null };
    const together = { zero_data_retention: true, no_training: true, regions: ['eu'] };
    expect(effectiveRouting(platform, organization, workspace)).toMatchObject(together);
    expect(effectiveRouting(platform, { regions: ['us'] })).toMatchObject({ regions: [] });
    expect(effectiveRouting({}, { regions: ['eu'] }, {})).toMatchObject({ regions: ['eu'] });
  });

  it('is never less than what any level asks for', () => {
    fc.assert(
      fc.property(levels, (rules) => {
        const held = effectiveRouting(...rules);
        for (const one of rules) {
          expect(held.zero_data_retention || !one.zero_data_retention).toBe(true);
          expect(held.no_training || !one.no_training).toBe(true);
          if (one.regions) expect(one.regions).toEqual(expect.arrayContaining(held.regions ?? ['none']));
        }
      }),
    );
  });

  it('does not depend on which level says it', () => {
    const sorted = ({ regions: list, ...rest }: RoutingRules) => ({
      ...rest,
      regions: list && [...list].sort(),
    });
    fc.assert(
      fc.property(levels, (rules) => {
        expect(sorted(effectiveRouting(...rules))).toEqual(sorted(effectiveRouting(...[...rules].reverse())));
      }),
    );
  });

  it('may be taken away in a question of what would be', () => {
    const policy = effectiveRouting({ no_training: true, regions: ['eu'], attempt_limit: 2 });
    expect(withRules(policy, { no_training: false, regions: null })).toEqual({
      ...defaultRoutingPolicy,
      attempt_limit: 2,
    });
  });
});
