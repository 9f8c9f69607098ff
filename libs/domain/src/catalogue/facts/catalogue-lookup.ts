import { directProvider } from '@signalbox/gateway';
import { looseId, vendorOfKind } from '../merge/model-names';
import type { FactsEntry, FactsSubject } from './facts.types';

type Called = Pick<FactsSubject, 'kind' | 'upstreamModel' | 'openrouterId'>;

/** What the provider calls it: some take a short name for a whole one (Fireworks: `x` for `accounts/fireworks/models/x`). */
export function upstreamNames({ kind, upstreamModel }: Pick<Called, 'kind' | 'upstreamModel'>): string[] {
  return [...new Set([upstreamModel, directProvider(kind)?.modelName(upstreamModel) ?? upstreamModel])];
}

/** Ids under which the catalogue may have what a deployment calls; those that it knows by `upstream_names` are not among them. */
export function possibleIds(called: Called): string[] {
  const { kind, upstreamModel, openrouterId } = called;
  const vendor = vendorOfKind[kind];
  return [
    // The price map's own key is the id where a provider has no kind of its own.
    ...(kind === 'openrouter' || kind === 'litellm' ? [upstreamModel] : []),
    ...(vendor === undefined ? [] : upstreamNames(called).map((name) => `${vendor}/${name}`)),
    ...(openrouterId === null ? [] : [openrouterId]),
  ];
}

/** The entries that say something of deployments, found by their ids or by the names that providers have for them. */
export class CatalogueLookup {
  private readonly byExactId = new Map<string, FactsEntry>();
  private readonly byLooseId = new Map<string, FactsEntry>();
  private readonly byUpstreamName = new Map<string, FactsEntry>();

  constructor(entries: Iterable<FactsEntry>) {
    for (const entry of entries) {
      this.byExactId.set(entry.id, entry);
      addFirst(this.byLooseId, looseId(entry.id), entry);
      for (const [kind, name] of upstreamNamesOf(entry)) {
        addFirst(this.byUpstreamName, `${kind} ${name}`, entry);
      }
    }
  }

  find(id: string): FactsEntry | null {
    return this.byExactId.get(id) ?? this.byLooseId.get(looseId(id)) ?? null;
  }

  /** Strongest first: what the admin named, then the provider's own model, then the model at OpenRouter. */
  entriesOf(subject: FactsSubject): FactsEntry[] {
    const { deployment, model, provider } = subject.stated;
    const named = deployment.catalogue_id ?? model.catalogue_id ?? provider.catalogue_id ?? null;
    const found = [
      named === null ? null : this.find(named),
      ...upstreamNames(subject).map((name) => this.byUpstreamName.get(`${subject.kind} ${name}`) ?? null),
      ...possibleIds(subject).map((id) => this.find(id)),
    ];
    return [...new Set(found.filter((entry) => entry !== null))];
  }
}

function upstreamNamesOf({ fields }: FactsEntry): [kind: string, name: string][] {
  const names = Object.entries(fields['upstream_names'] ?? {});
  return names.filter((pair): pair is [string, string] => typeof pair[1] === 'string');
}

/** By id: what is found does not depend on the order in which the entries were read. */
function addFirst(map: Map<string, FactsEntry>, key: string, entry: FactsEntry): void {
  const known = map.get(key);
  if (!known || entry.id < known.id) map.set(key, entry);
}
