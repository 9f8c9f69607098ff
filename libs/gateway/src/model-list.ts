import { z } from 'zod';
import type { Dialect } from './llm-routes';
import { listsAllow, type ModelList } from './model-allowlist';
import type { CatalogueDocument } from './projection.documents';

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

/** For an edge that has not seen LiteLLM yet: the released catalogue in the same form. */
export function modelListOfCatalogue(catalogue: CatalogueDocument): ListedModel[] {
  return catalogue.models
    .filter(({ name }) => !name.includes('*'))
    .map(({ name }) => ({ id: name, object: 'model', created: 0, owned_by: 'signalbox' }));
}

export function visibleModels(models: readonly ListedModel[], lists: readonly ModelList[]): ListedModel[] {
  return models.filter(({ id }) => listsAllow(lists, id));
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
