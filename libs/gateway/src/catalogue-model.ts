import type { CatalogueDocument } from './projection.documents';

export type CatalogueModel = CatalogueDocument['models'][number];

interface CatalogueIndex {
  readonly byName: ReadonlyMap<string, CatalogueModel>;
  /** The longest prefix first. */
  readonly wildcards: readonly { prefix: string; model: CatalogueModel }[];
  readonly hasDeployments: boolean;
}

/** Every call looks here, and a document never changes: a new one takes its place. */
const indexes = new WeakMap<CatalogueDocument, CatalogueIndex>();

function buildIndex({ models }: CatalogueDocument): CatalogueIndex {
  const byName = new Map<string, CatalogueModel>();
  for (const model of models) if (!byName.has(model.name)) byName.set(model.name, model);
  const wildcards = models
    .filter(({ name }) => name.endsWith('*'))
    .map((model) => ({ prefix: model.name.slice(0, -1), model }))
    .sort((left, right) => right.prefix.length - left.prefix.length);
  return { byName, wildcards, hasDeployments: models.some(({ deployments }) => deployments.length > 0) };
}

function indexOf(catalogue: CatalogueDocument): CatalogueIndex {
  const known = indexes.get(catalogue);
  if (known) return known;
  const index = buildIndex(catalogue);
  indexes.set(catalogue, index);
  return index;
}

/**
 * The entry that serves this model, as LiteLLM finds it: the exact name, else the longest wildcard
 * (litellm/router_utils/pattern_match_deployments.py).
 */
export function findCatalogueModel(catalogue: CatalogueDocument, model: string): CatalogueModel | null {
  const { byName, wildcards } = indexOf(catalogue);
  const exact = byName.get(model);
  if (exact) return exact;
  return wildcards.find(({ prefix }) => model.startsWith(prefix))?.model ?? null;
}

/** false: a release of an older version, which does not say by what its models are served. */
export function namesDeployments(catalogue: CatalogueDocument | null): boolean {
  return catalogue !== null && indexOf(catalogue).hasDeployments;
}

/** Kinds that serve models of their own house only, and what OpenRouter calls that house. */
const vendorByKind: Readonly<Record<string, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  google: 'google',
  cohere: 'cohere',
  mistral: 'mistralai',
  perplexity: 'perplexity',
};

/** Who made the model; null: nobody can say. A server under another address may serve anything. */
export function vendorOf({ openrouter_id, deployments }: CatalogueModel): string | null {
  const slash = openrouter_id?.indexOf('/') ?? -1;
  if (openrouter_id && slash > 0) return openrouter_id.slice(0, slash);
  const vendors = new Set(
    deployments.map(({ provider_kind, base_url }) =>
      base_url === null && Object.hasOwn(vendorByKind, provider_kind) ? vendorByKind[provider_kind] : null,
    ),
  );
  const [vendor] = vendors;
  return vendors.size === 1 ? (vendor ?? null) : null;
}
