import {
  autoName,
  builtInGroups,
  type CatalogueDocument,
  dropsOfAll,
  type FactsDocument,
  findCatalogueModel,
  listAllows,
  poolTargetOf,
  powerLevels,
  resolveAlias,
  routeTargetOf,
  type RoutingPolicy,
  vendorOf,
} from '@signalbox/gateway';

export const routingWarningCodes = [
  'model_unknown',
  'model_forbidden',
  'cross_vendor_skipped',
  'weights_missing',
  'name_taken',
  'held_from_above',
  'nobody_left',
] as const;

/** What holds, but does not do what its author may expect. */
export interface RoutingWarning {
  /** The place in the policy: `cascades.smart.0`. */
  field: string;
  code: (typeof routingWarningCodes)[number];
  message: string;
}

interface Step {
  field: string;
  model: string;
  /** null: for all models, and nothing can be said of their vendors. */
  asked: string | null;
  /** It may stand for a level or a group. */
  isAlias?: true;
  /** Names by which a list of models may allow all of the pool that it is of. */
  poolNames?: readonly string[];
}

interface Pool {
  readonly models?: readonly string[] | null | undefined;
}

/** As listNamesOf has them, of all that may lead to this pool. */
function poolNamesOf(kind: 'levels' | 'groups', name: string): string[] {
  if (kind === 'groups') return [name];
  return [name, autoName, ...Object.keys(builtInGroups).filter((group) => builtInGroups[group] === name)];
}

function stepsOfPools(
  policy: RoutingPolicy,
  kind: 'levels' | 'groups',
  pools: Readonly<Record<string, Pool>>,
): Step[] {
  return Object.entries(pools).flatMap(([name, { models }]) =>
    (models ?? []).map((listed, index) => ({
      field: `${kind}.${name}.models.${index}`,
      model: resolveAlias(policy, listed),
      asked: null,
      poolNames: poolNamesOf(kind, name),
    })),
  );
}

function isHiddenByAlias(policy: RoutingPolicy, name: string): boolean {
  return resolveAlias(policy, name) !== name;
}

/** With aliases in the place of names: the edges resolve them everywhere, before anything else. */
function stepsOf(policy: RoutingPolicy): Step[] {
  const { cascades, aliases, levels, groups } = policy;
  const ofCascades = Object.entries(cascades).flatMap(([asked, models]) =>
    isHiddenByAlias(policy, asked)
      ? []
      : models.map((listed, index) => ({
          field: `cascades.${asked}.${index}`,
          model: resolveAlias(policy, listed),
          asked: asked === '*' ? null : asked,
        })),
  );
  const ofAliases = Object.entries(aliases).map(([alias, model]) => ({
    field: `aliases.${alias}`,
    model,
    asked: null,
    isAlias: true as const,
  }));
  return [
    ...ofCascades,
    ...ofAliases,
    ...stepsOfPools(policy, 'levels', levels),
    ...stepsOfPools(policy, 'groups', groups),
  ];
}

function hiddenCascades(policy: RoutingPolicy): RoutingWarning[] {
  return Object.keys(policy.cascades).flatMap((name): RoutingWarning[] => {
    if (!isHiddenByAlias(policy, name)) return [];
    const message = `${name} is an alias of ${resolveAlias(policy, name)}: the cascade of that name is tried, and never this one.`;
    return [{ field: `cascades.${name}`, code: 'name_taken', message }];
  });
}

function withoutWeights({ strategy, weights }: RoutingPolicy): RoutingWarning[] {
  if (strategy !== 'custom' || weights !== null) return [];
  const message = 'strategy is custom and weights are not set: the weights of the power level count.';
  return [{ field: 'weights', code: 'weights_missing', message }];
}

/** Whatever is asked for by name is an alias first, then a model, and only then a group. */
function hiddenGroups({ groups, aliases }: RoutingPolicy, catalogue: CatalogueDocument): RoutingWarning[] {
  return Object.keys(groups).flatMap((name): RoutingWarning[] => {
    const isAlias = Object.hasOwn(aliases, name);
    if (!isAlias && !catalogue.models.some((model) => model.name === name)) return [];
    const message = `${isAlias ? 'An alias' : 'A model'} has the name ${name}: nobody reaches the group by it.`;
    return [{ field: `groups.${name}`, code: 'name_taken', message }];
  });
}

function withoutClassifier(policy: RoutingPolicy, catalogue: CatalogueDocument): RoutingWarning[] {
  const { classification, classification_model: asked } = policy;
  if (classification !== 'model' || asked === null) return [];
  const { kind, name } = routeTargetOf(asked, policy, catalogue);
  if (kind !== 'model' || findCatalogueModel(catalogue, name)) return [];
  const message = `No model ${name} is in the active config release: until one is, the rules alone say how difficult a request is.`;
  return [{ field: 'classification_model', code: 'model_unknown', message }];
}

/** Levels and groups behind which there are models, and the rules keep every request from all of them. */
function withoutAnybody({ policy, catalogue, facts, allowed }: RoutingSurroundings): RoutingWarning[] {
  if (!facts) return [];
  return [...powerLevels, ...Object.keys(policy.groups)].flatMap((name): RoutingWarning[] => {
    const asked = routeTargetOf(name, { ...policy, aliases: {} }, catalogue);
    const target = poolTargetOf(asked, policy);
    const drops = target && dropsOfAll({ policy, catalogue, facts, lists: [allowed] }, asked, target);
    if (!drops) return [];
    const reasons = [...drops].map(([reason, count]) => `${count} ${reason}`).join(', ');
    const message = `Nobody behind ${name} can be chosen for a usual request: ${reasons}. docs/routing.md, "Who is not chosen", has what each of them wants.`;
    const field = asked.kind === 'group' ? `groups.${name}` : `levels.${name}`;
    return [{ field, code: 'nobody_left', message }];
  });
}

export interface RoutingSurroundings {
  readonly policy: RoutingPolicy;
  readonly catalogue: CatalogueDocument;
  /** null: not known just now; then nothing is said of who can be chosen. */
  readonly facts: Pick<FactsDocument, 'deployments'> | null;
  /** The workspace's own list; a key's may be narrower still. */
  readonly allowed: readonly string[];
}

export function routingWarnings(surroundings: RoutingSurroundings): RoutingWarning[] {
  const { policy, catalogue, allowed } = surroundings;
  const vendor = (name: string): string | null => {
    const model = findCatalogueModel(catalogue, name);
    return model && vendorOf(model);
  };
  const isRouted = (name: string): boolean =>
    routeTargetOf(name, { ...policy, aliases: {} }, catalogue).kind !== 'model';
  const skipped = stepsOf(policy).flatMap(
    ({ field, model, asked, isAlias, poolNames = [] }): RoutingWarning[] => {
      if (isAlias && isRouted(model)) return [];
      if (!findCatalogueModel(catalogue, model)) {
        const message = `No model ${model} is in the active config release: the step is skipped until one is.`;
        return [{ field, code: 'model_unknown', message }];
      }
      if (![model, ...poolNames].some((name) => listAllows(allowed, name))) {
        const message = `The models list of the workspace does not allow ${model}: the step is skipped.`;
        return [{ field, code: 'model_forbidden', message }];
      }
      // Whoever asks for a level names no vendor.
      if (asked === null || asked === model || policy.cross_vendor || isRouted(asked)) return [];
      const [askedVendor, stepVendor] = [vendor(asked), vendor(model)];
      if (askedVendor !== null && askedVendor === stepVendor) return [];
      const message = `${model} is of ${stepVendor ?? 'an unknown vendor'} and ${asked} of ${askedVendor ?? 'an unknown one'}: the step is skipped unless cross_vendor is true.`;
      return [{ field, code: 'cross_vendor_skipped', message }];
    },
  );
  return [
    ...skipped,
    ...withoutWeights(policy),
    ...withoutClassifier(policy, catalogue),
    ...hiddenCascades(policy),
    ...hiddenGroups(policy, catalogue),
    ...withoutAnybody(surroundings),
  ];
}
