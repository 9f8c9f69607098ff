import { findCatalogueModel, namesDeployments } from './catalogue-model';
import type { CatalogueDocument } from './projection.documents';
import { type PowerLevel, powerLevels, resolveAlias, type RoutingPolicy } from './routing-policy';
import { builtInGroups, isGroup, type RoutingTarget } from './scoring/scoring-rules';

/** A request for it gets the level of its workspace, or the one that its difficulty calls for. */
export const autoName = 'auto';

/** What a name that a client asks for stands for. */
export type RouteTarget =
  | { readonly kind: 'model'; readonly name: string }
  | { readonly kind: 'level'; readonly name: string; readonly level: PowerLevel }
  | { readonly kind: 'group'; readonly name: string }
  | { readonly kind: 'auto'; readonly name: string };

function isPowerLevel(name: string): name is PowerLevel {
  return (powerLevels as readonly string[]).includes(name);
}

/**
 * Names that stand for more than one model, whatever is in the catalogue. A workspace cannot tell by the name alone whether a model
 * of exactly that name hides it.
 */
export function isRoutingName(policy: RoutingPolicy, name: string): boolean {
  return isGroup(policy, name) || isPowerLevel(name) || name === autoName;
}

function hasModelOfThatName(catalogue: CatalogueDocument, name: string): boolean {
  return findCatalogueModel(catalogue, name)?.name === name;
}

/**
 * Alias, model of exactly that name, group, power level, `auto`; anything else is a model, perhaps of a wildcard, perhaps of nobody.
 * While no release says by what its models are served, LiteLLM alone knows names.
 */
export function routeTargetOf(
  asked: string,
  policy: RoutingPolicy,
  catalogue: CatalogueDocument | null,
): RouteTarget {
  const name = resolveAlias(policy, asked);
  if (!isRoutingName(policy, name) || !catalogue || !namesDeployments(catalogue))
    return { kind: 'model', name };
  if (hasModelOfThatName(catalogue, name)) return { kind: 'model', name };
  if (isGroup(policy, name)) return { kind: 'group', name };
  return isPowerLevel(name) ? { kind: 'level', name, level: name } : { kind: 'auto', name };
}

/** The names by which a list of models may allow all that is behind this one. */
export function listNamesOf(target: RouteTarget, level: PowerLevel | null, policy: RoutingPolicy): string[] {
  const { kind, name } = target;
  if (kind === 'auto' && level !== null) return [name, level];
  const isBuiltIn = kind === 'group' && !Object.hasOwn(policy.groups, name);
  return isBuiltIn ? [name, builtInGroups[name]!] : [name];
}

export type PoolTarget = Exclude<RoutingTarget, { kind: 'model' }>;

/** Whose models are chosen from, by whose rules. @param auto the level of `auto`, where the request itself says one */
export function poolTargetOf(
  target: RouteTarget,
  policy: RoutingPolicy,
  auto: PowerLevel | null = null,
): PoolTarget | null {
  switch (target.kind) {
    case 'model':
      return null;
    case 'level':
      return { kind: 'level', level: target.level };
    case 'group':
      return { kind: 'group', group: target.name };
    case 'auto':
      return { kind: 'level', level: auto ?? policy.power_level };
  }
}
