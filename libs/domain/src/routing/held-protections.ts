import { protectiveFields, type RoutingPolicy, type RoutingRules } from '@signalbox/gateway';
import type { EffectiveRouting } from './routing-layers';
import type { RoutingWarning } from './routing-warnings';

/** What this level says of the protection of data and a level above it does not let through. */
export function heldProtections(own: RoutingRules, above: EffectiveRouting): RoutingWarning[] {
  return protectiveFields.flatMap((field): RoutingWarning[] => {
    const message = messageOf(field, own, above.policy);
    if (message === null) return [];
    return [{ field, code: 'held_from_above', message: `${message} The ${above.layers[field]} says so.` }];
  });
}

function messageOf(
  field: (typeof protectiveFields)[number],
  own: RoutingRules,
  above: RoutingPolicy,
): string | null {
  if (field === 'regions') return messageOfRegions(own.regions, above.regions);
  return own[field] === false && above[field] ? `${field} stays true.` : null;
}

function messageOfRegions(own: RoutingRules['regions'], above: RoutingPolicy['regions']): string | null {
  if (own === undefined || above === null) return null;
  if (own === null) return `Only ${above.join(', ') || 'none'} of the regions are allowed.`;
  const refused = own.filter((region) => !above.includes(region));
  if (refused.length === 0) return null;
  const left = own.length === refused.length ? ' No region is left: every call is refused.' : '';
  return `The regions ${refused.join(', ')} are not allowed.${left}`;
}
