import type { LitellmEntry } from '../litellm-prices/litellm-entry';
import { litellmEntryId } from '../litellm-prices/litellm-entry';
import type {
  CatalogueSource,
  EntryContent,
  PriceOffer,
  SourceEntry,
  SyncSource,
} from '../merge/catalogue.types';
import type { InForce } from '../anomalies/judge-sync';
import type { Sources } from '../merge/join-sources';

/** What the catalogue has of OpenRouter, as if it had said it again: for a sync that does not ask it. */
export function lastOfOpenrouter(inForce: InForce): Pick<Sources, 'openrouter' | 'endpoints'> {
  const there = entriesThere(inForce).filter(([, { provenance }]) =>
    Object.values(provenance).some(({ source }) => source === 'openrouter'),
  );
  const openrouter = there.map(([id, entry]) => ({
    ...whatItSaid(entry, 'openrouter'),
    id,
    offers: offersInForce(inForce, id, 'openrouter'),
  }));
  const endpoints = there
    .map(([id]) => [id, offersInForce(inForce, id, 'openrouter_endpoint')] as const)
    .filter(([, offers]) => offers.length > 0);
  return { openrouter, endpoints: new Map(endpoints) };
}

/** The same for LiteLLM. Each kind of provider has a name of its own for a model, and its own price. */
export function lastOfLitellm(inForce: InForce): LitellmEntry[] {
  return entriesThere(inForce).flatMap(([id, entry]) =>
    upstreamNamesOf(entry).map(([kind, upstreamModel]) => {
      const { upstream_names: _names, ...fields } = whatItSaid(entry, 'litellm').fields;
      return {
        ...whatItSaid(entry, 'litellm'),
        id: litellmEntryId(kind, upstreamModel),
        name: upstreamModel,
        fields,
        offers: offersInForce(inForce, id, 'litellm').filter(({ provider }) => provider === kind),
        kind,
        upstreamModel,
      };
    }),
  );
}

/** By id, as a source's answer is read. What has vanished is what a source has no more. */
function entriesThere({ entries }: InForce): [id: string, entry: EntryContent][] {
  return [...entries]
    .filter(([, { status }]) => status !== 'vanished')
    .sort(([left], [right]) => (left < right ? -1 : 1));
}

function whatItSaid(entry: EntryContent, source: SyncSource): Omit<SourceEntry, 'id' | 'offers'> {
  const { name, vendor, mode, provenance } = entry;
  const isOfSource = (field: string): boolean => provenance[field]?.source === source;
  const fields = Object.fromEntries(Object.entries(entry.fields).filter(([field]) => isOfSource(field)));
  return { name, vendor, mode, fields, expiresOn: isOfSource('expires_on') ? entry.expiresOn : null };
}

function offersInForce({ prices }: InForce, id: string, source: CatalogueSource): PriceOffer[] {
  return [...(prices.get(id) ?? [])]
    .filter(([, price]) => price.source === source)
    .map(([provider, { texts }]) => ({ provider, source, price: { state: 'known', texts } }));
}

function upstreamNamesOf({ fields }: EntryContent): [kind: string, name: string][] {
  const names = Object.entries(fields['upstream_names'] ?? {}) as [string, unknown][];
  return names.filter((pair): pair is [string, string] => typeof pair[1] === 'string').sort();
}
