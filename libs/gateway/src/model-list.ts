import { z } from 'zod';
import { hasUsableModel } from './candidate-pool';
import { findCatalogueModel, namesDeployments } from './catalogue-model';
import type { Dialect } from './llm-routes';
import { listsAllow, type ModelList } from './model-allowlist';
import type { CatalogueDocument } from './projection.documents';
import { autoName, poolTargetOf, routeTargetOf } from './route-target';
import { powerLevels, type RoutingPolicy } from './routing-policy';
import { builtInGroups } from './scoring/scoring-rules';

/** One entry of GET /v1/models; fields that LiteLLM adds are passed on. */
const listedModel = z.looseObject({
  id: z.string().min(1),
  created: z.int().min(0).max(4_102_444_800).optional().catch(undefined),
});
const openaiList = z.looseObject({ data: z.array(listedModel) });

export type ListedModel = z.infer<typeof listedModel>;

/** @returns null when LiteLLM's answer is not a list in OpenAI's form */
export function parseModelList(text: string): ListedModel[] | null {
  try {
    const result = openaiList.safeParse(JSON.parse(text));
    return result.success ? result.data.data : null;
  } catch {
    return null;
  }
}

/** What the catalogue knows of a model, in the form of LiteLLM's list. */
function catalogueEntry(id: string): ListedModel {
  return { id, object: 'model', created: 0, owned_by: 'signalbox' };
}

/**
 * What can be called: the released catalogue, with what LiteLLM tells of each model. Of LiteLLM's own list only what the catalogue
 * serves too, by name or by a wildcard; all of it where the release is of an older version, which says too little.
 * Embedding, speech and image models are among them: clients filter by name, and a key's list of models can leave them out.
 */
export function servedModels(
  fromLitellm: readonly ListedModel[] | null,
  catalogue: CatalogueDocument | null,
): ListedModel[] {
  if (!catalogue || (fromLitellm && !namesDeployments(catalogue))) return [...(fromLitellm ?? [])];
  const told = (fromLitellm ?? []).filter(({ id }) => findCatalogueModel(catalogue, id) !== null);
  const names = new Set(told.map(({ id }) => id));
  const further = catalogue.models.filter(({ name }) => !name.includes('*') && !names.has(name));
  return [...told, ...further.map(({ name }) => catalogueEntry(name))];
}

/** Levels, groups and `auto`, as far as there is a model behind them that the lists allow. A model of the same name hides one. */
export function routingNames(
  policy: RoutingPolicy,
  catalogue: CatalogueDocument | null,
  lists: readonly ModelList[],
): string[] {
  if (!catalogue || !namesDeployments(catalogue)) return [];
  const names = [...powerLevels, ...Object.keys(builtInGroups), ...Object.keys(policy.groups), autoName];
  return [...new Set(names)].filter((name) => {
    const asked = routeTargetOf(name, { ...policy, aliases: {} }, catalogue);
    const target = poolTargetOf(asked, policy);
    return target !== null && hasUsableModel({ policy, catalogue, lists }, asked, target);
  });
}

export interface ModelView {
  readonly served: readonly ListedModel[];
  readonly catalogue: CatalogueDocument | null;
  /** Of the key and of its workspace. */
  readonly lists: readonly ModelList[];
  /** The workspace's further names, each with its model. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Names that stand for the best of several models. */
  readonly routingNames: readonly string[];
}

/** What a key may use, and the names that its workspace gave to it. An alias hides a model of its own name, as in calls. */
export function visibleModels({
  served,
  catalogue,
  lists,
  aliases,
  routingNames: routed,
}: ModelView): ListedModel[] {
  const own = served.filter(({ id }) => !Object.hasOwn(aliases, id) && listsAllow(lists, id));
  const byId = new Map(served.map((model) => [model.id, model]));
  const named = Object.entries(aliases).flatMap(([alias, target]) => {
    if (routed.includes(target)) return [catalogueEntry(alias)];
    if (!listsAllow(lists, target)) return [];
    const isServed = byId.has(target) || (catalogue && findCatalogueModel(catalogue, target));
    return isServed ? [{ ...(byId.get(target) ?? catalogueEntry(target)), id: alias }] : [];
  });
  const further = routed.filter((name) => !Object.hasOwn(aliases, name)).map(catalogueEntry);
  return [...own, ...named, ...further];
}

function anthropicModel({ id, created }: ListedModel): object {
  return { type: 'model', id, display_name: id, created_at: new Date((created ?? 0) * 1_000).toISOString() };
}

export function modelBody(dialect: Dialect, model: ListedModel): object {
  return dialect === 'openai' ? model : anthropicModel(model);
}

export function modelListBody(dialect: Dialect, models: readonly ListedModel[]): object {
  if (dialect === 'openai') return { object: 'list', data: models };
  return {
    data: models.map(anthropicModel),
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  };
}
