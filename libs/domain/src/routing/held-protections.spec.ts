import type { RoutingRules } from '@signalbox/gateway';
import { heldProtections } from './held-protections';
import { layeredRouting } from './routing-layers';

const above = (platform: RoutingRules, organization: RoutingRules = {}) =>
  layeredRouting([
    { layer: 'platform', rules: platform },
    { layer: 'organization', rules: organization },
  ]);

describe('protection of data that a level above asks for', () => {
  it.each<[string, RoutingRules, ReturnType<typeof above>, [string, RegExp][]]>([
    [
      'a flag',
      { no_training: false },
      above({ no_training: true }),
      [['no_training', /stays true. The platform/]],
    ],
    [
      'regions',
      { regions: ['eu', 'us'] },
      above({}, { regions: ['eu'] }),
      [['regions', /The regions us are not allowed. The organization/]],
    ],
    [
      'all regions',
      { regions: null },
      above({ regions: ['eu', 'local'] }),
      [['regions', /Only eu, local of the regions/]],
    ],
    ['other regions', { regions: ['us'] }, above({ regions: ['eu'] }), [['regions', /No region is left/]]],
    ['nothing, where it says nothing', {}, above({ no_training: true, regions: ['eu'] }), []],
    [
      'nothing that is as strict',
      { no_training: true, regions: ['eu'] },
      above({ no_training: true, regions: ['eu', 'us'] }),
      [],
    ],
    ['nothing that nobody asks for', { no_training: false, regions: ['us'] }, above({}), []],
  ])('holds: %s', (_what, own, levels, expected) => {
    const warnings = heldProtections(own, levels);
    expect(warnings.map(({ field, code }) => [field, code])).toEqual(
      expected.map(([field]) => [field, 'held_from_above']),
    );
    for (const [index, [, message]] of expected.entries()) expect(warnings[index]?.message).toMatch(message);
  });
});

describe('who says it', () => {
  it('is the level farthest off to which nobody nearer adds anything', () => {
    const { layers, policy } = layeredRouting([
      { layer: 'platform', rules: { no_training: true, regions: ['eu', 'us'], attempt_limit: 2 } },
      { layer: 'organization', rules: { no_training: false, zero_data_retention: true, regions: ['eu'] } },
      { layer: 'workspace', rules: { zero_data_retention: true, regions: ['eu', 'asia'], attempt_limit: 2 } },
    ]);
    expect(policy).toMatchObject({ no_training: true, zero_data_retention: true, regions: ['eu'] });
    expect(layers).toMatchObject({
      no_training: 'platform',
      zero_data_retention: 'organization',
      regions: 'organization',
      attempt_limit: 'workspace',
    });
  });

  it('is the nearest that says it while nothing is protected', () => {
    const { layers } = layeredRouting([
      { layer: 'platform', rules: { no_training: false, regions: null } },
      { layer: 'workspace', rules: { no_training: false, regions: null } },
    ]);
    expect(layers).toMatchObject({ no_training: 'workspace', regions: 'workspace' });
  });
});
