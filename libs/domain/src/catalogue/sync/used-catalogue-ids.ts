import { looseId, vendorOfKind } from '../merge/model-names';
import type { UsedModel } from './catalogue-store.repository';

/** Those of OpenRouter's ids that our deployments may be calling, under whatever name. */
export function usedCatalogueIds(used: readonly UsedModel[], known: readonly string[]): string[] {
  const wanted = new Set(used.flatMap(namesOf).map(looseId));
  return known.filter((id) => wanted.has(looseId(id))).sort();
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
