import type { UsedModel } from './catalogue-store.repository';

/** By which names OpenRouter may know what our deployments call. */
const vendorOfKind: Readonly<Record<string, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  google: 'google',
  cohere: 'cohere',
  mistral: 'mistralai',
  perplexity: 'perplexity',
};

export function usedCatalogueIds(used: readonly UsedModel[], known: readonly string[]): string[] {
  const wanted = new Set(used.flatMap(namesOf).map(loosely));
  return known.filter((id) => wanted.has(loosely(id))).sort();
}

/** Keys of LiteLLM's price map that we call, of providers without a kind of their own. */
export function usedLitellmKeys(used: readonly UsedModel[]): Set<string> {
  return new Set(used.filter(({ kind }) => kind === 'litellm').map(({ upstreamModel }) => upstreamModel));
}

function namesOf({ kind, upstreamModel, openrouterId }: UsedModel): string[] {
  const vendor = vendorOfKind[kind];
  return [
    ...(openrouterId === null ? [] : [openrouterId]),
    ...(kind === 'openrouter' ? [upstreamModel] : []),
    ...(vendor === undefined ? [] : [`${vendor}/${upstreamModel}`]),
  ];
}

function loosely(id: string): string {
  return id.toLowerCase().replaceAll('.', '-');
}
