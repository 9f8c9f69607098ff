import {
  defaultRoutingPolicy,
  narrowedBy,
  readRoutingRules,
  type RoutingPolicy,
  type RoutingRules,
} from '@signalbox/gateway';

/** Where a field of the policy comes from. */
export const routingLayerNames = ['default', 'platform', 'organization', 'workspace'] as const;
export type RoutingLayerName = (typeof routingLayerNames)[number];

/** What each level says, as it is stored: from the farthest to the nearest. */
export type WrittenLayers = readonly {
  readonly layer: Exclude<RoutingLayerName, 'default'>;
  readonly written: Readonly<Record<string, unknown>>;
}[];

export interface EffectiveRouting {
  readonly policy: RoutingPolicy;
  /** For each field of the policy, the level that says it. */
  readonly layers: { readonly [Field in keyof RoutingPolicy]: RoutingLayerName };
}

/** The policy as the edges read it, and who said each part of it. */
export function effectiveOf(written: WrittenLayers): EffectiveRouting {
  const read = written.map(({ layer, written: rules }) => ({ layer, rules: readRoutingRules(rules) }));
  return layeredRouting(read);
}

export function layeredRouting(
  fromFarToNear: readonly { readonly layer: RoutingLayerName; readonly rules: RoutingRules }[],
): EffectiveRouting {
  const layers = Object.fromEntries(
    Object.keys(defaultRoutingPolicy).map((field) => [field, 'default']),
  ) as unknown as { [Field in keyof RoutingPolicy]: RoutingLayerName };
  let policy = defaultRoutingPolicy;
  for (const { layer, rules } of fromFarToNear) {
    const narrowed = narrowedBy(policy, rules);
    for (const field of saidIn(rules)) if (!isHeld(field, policy, narrowed)) layers[field] = layer;
    policy = narrowed;
  }
  return { policy, layers };
}

function saidIn(rules: RoutingRules): (keyof RoutingPolicy)[] {
  return Object.entries(rules).flatMap(([field, value]) =>
    value === undefined ? [] : [field as keyof RoutingPolicy],
  );
}

/** Protection of data by a level farther off, to which this one adds nothing. */
function isHeld(field: keyof RoutingPolicy, before: RoutingPolicy, after: RoutingPolicy): boolean {
  switch (field) {
    case 'regions':
      return before.regions !== null && before.regions.length === after.regions?.length;
    case 'zero_data_retention':
    case 'no_training':
      return before[field];
    default:
      return false;
  }
}
