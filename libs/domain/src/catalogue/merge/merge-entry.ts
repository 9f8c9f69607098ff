import type {
  CatalogueSource,
  EntryContent,
  EntryDraft,
  FieldProvenance,
  PriceOffer,
  SourceEntry,
} from './catalogue.types';
import { isSame } from './canonical-json';
import type { JoinedEntry } from './join-sources';

interface Stated {
  readonly value: unknown;
  readonly source: CatalogueSource;
}

/** Columns that have a provenance beside the fields. */
const columns = ['name', 'vendor', 'mode', 'expires_on'] as const;

/**
 * One entry from all that is known of it. What a person wrote stays; then OpenRouter's word counts, then LiteLLM's. A field whose value and
 * source stay keeps its time, so that the same answers make the same entry.
 */
export function mergeEntry(
  joined: JoinedEntry,
  current: EntryContent | null,
  at: string,
  formerId: string | null = null,
): EntryDraft {
  const stated = statedOf(joined, current);
  const provenance = Object.fromEntries(
    [...stated].map(([name, one]) => [name, provenanceOf(name, one, current, at)]),
  );
  const fields = Object.fromEntries(
    [...stated].filter(([name]) => !isColumn(name)).map(([name, { value }]) => [name, value]),
  );
  const expiresOn = (stated.get('expires_on')?.value ?? null) as string | null;
  return {
    id: joined.id,
    ...(formerId !== null && { formerId }),
    name: stated.get('name')?.value as string,
    vendor: stated.get('vendor')?.value as string,
    mode: stated.get('mode')?.value as EntryContent['mode'],
    status: expiresOn === null ? 'active' : 'deprecated',
    fields,
    provenance,
    expiresOn,
    offers: offersOf(joined),
    hasEndpoints: joined.endpoints !== null,
  };
}

/** The content without what belongs to the sync only. */
export function contentOf(draft: EntryContent): EntryContent {
  const { name, vendor, mode, status, fields, provenance, expiresOn } = draft;
  return { name, vendor, mode, status, fields, provenance, expiresOn };
}

function isColumn(name: string): boolean {
  return columns.some((column) => column === name);
}

/** The strongest word on each field, weakest first, so that a later one replaces it. */
function statedOf(joined: JoinedEntry, current: EntryContent | null): Map<string, Stated> {
  const stated = new Map<string, Stated>();
  for (const entry of [...joined.litellm].reverse()) addAll(stated, entry, 'litellm');
  if (joined.openrouter) addAll(stated, joined.openrouter, 'openrouter');
  const upstream = joined.litellm.map(({ kind, upstreamModel }) => [kind, upstreamModel] as const);
  if (upstream.length > 0) {
    stated.set('upstream_names', { value: Object.fromEntries(upstream), source: 'litellm' });
  }
  for (const [name, { source }] of Object.entries(current?.provenance ?? {})) {
    if (source === 'manual' && current) stated.set(name, { value: valueOf(current, name), source });
  }
  return stated;
}

function addAll(stated: Map<string, Stated>, entry: SourceEntry, source: CatalogueSource): void {
  const { name, vendor, mode, expiresOn, fields } = entry;
  for (const [field, value] of Object.entries({ name, vendor, mode, expires_on: expiresOn, ...fields })) {
    if (value !== null) stated.set(field, { value, source });
  }
}

function valueOf(current: EntryContent, name: string): unknown {
  if (name === 'expires_on') return current.expiresOn;
  return isColumn(name) ? current[name as 'name' | 'vendor' | 'mode'] : current.fields[name];
}

function provenanceOf(
  name: string,
  { value, source }: Stated,
  current: EntryContent | null,
  at: string,
): FieldProvenance {
  const known = current?.provenance[name];
  const isAsBefore = current && known?.source === source && isSame(valueOf(current, name), value);
  return isAsBefore ? known : { source, at };
}

/** For each provider the best source: LiteLLM's map, then OpenRouter's endpoint. What is malformed does not count if the other is good. */
function offersOf({ openrouter, litellm, endpoints }: JoinedEntry): PriceOffer[] {
  const all = [
    ...litellm.flatMap(({ offers }) => offers),
    ...(endpoints ?? []),
    ...(openrouter?.offers ?? []),
  ];
  const chosen = new Map<string, PriceOffer>();
  for (const offer of all) {
    const other = chosen.get(offer.provider);
    if (!other || (other.price.state !== 'known' && offer.price.state === 'known'))
      chosen.set(offer.provider, offer);
  }
  return [...chosen.values()].sort((left, right) => (left.provider < right.provider ? -1 : 1));
}
