import type { LitellmEntry } from '../litellm-prices/litellm-entry';
import type { PriceOffer, SourceEntry } from './catalogue.types';
import { looseId } from './model-names';

/** All that the sources say of one entry of the catalogue. */
export interface JoinedEntry {
  readonly id: string;
  readonly openrouter: SourceEntry | null;
  /** By kind of provider at most one. */
  readonly litellm: readonly LitellmEntry[];
  /** null: its endpoints were not asked for. */
  readonly endpoints: readonly PriceOffer[] | null;
}

export interface Sources {
  readonly openrouter: readonly SourceEntry[];
  readonly litellm: readonly LitellmEntry[];
  readonly endpoints: ReadonlyMap<string, readonly PriceOffer[]>;
}

/** An entry of LiteLLM's that OpenRouter names alike is the same model; every other one is an entry of its own. */
export function joinSources({ openrouter, litellm, endpoints }: Sources): JoinedEntry[] {
  const byId = new Map(openrouter.map((entry) => [entry.id, entry]));
  const byLooseId = new Map(openrouter.map(({ id }) => [looseId(id), id]));
  const joined = new Map<string, LitellmEntry[]>();
  const isFirstOfItsKind = (id: string, { kind }: LitellmEntry): boolean =>
    !(joined.get(id) ?? []).some((other) => other.kind === kind);
  const exactFirst = [...litellm].sort(
    (left, right) =>
      Number(byId.has(right.id)) - Number(byId.has(left.id)) ||
      (left.upstreamModel < right.upstreamModel ? -1 : 1),
  );
  for (const entry of exactFirst) {
    const known = byId.has(entry.id) ? entry.id : byLooseId.get(looseId(entry.id));
    const id = known !== undefined && isFirstOfItsKind(known, entry) ? known : entry.id;
    if (isFirstOfItsKind(id, entry)) joined.set(id, [...(joined.get(id) ?? []), entry]);
  }
  return [...new Set([...byId.keys(), ...joined.keys()])].sort().map((id) => ({
    id,
    openrouter: byId.get(id) ?? null,
    litellm: joined.get(id) ?? [],
    endpoints: endpoints.get(id) ?? null,
  }));
}
