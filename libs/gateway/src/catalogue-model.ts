import type { CatalogueDocument } from './projection.documents';

export type CatalogueModel = CatalogueDocument['models'][number];

function matches(name: string, model: string): boolean {
  return name.endsWith('*') && model.startsWith(name.slice(0, -1));
}

/**
 * The entry that serves this model, as LiteLLM finds it: the exact name, else the longest wildcard
 * (litellm/router_utils/pattern_match_deployments.py).
 */
export function findCatalogueModel(catalogue: CatalogueDocument, model: string): CatalogueModel | null {
  let best: CatalogueModel | null = null;
  for (const entry of catalogue.models) {
    if (entry.name === model) return entry;
    if (matches(entry.name, model) && entry.name.length > (best?.name.length ?? 0)) best = entry;
  }
  return best;
}
