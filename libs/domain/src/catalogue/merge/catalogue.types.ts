import type { ModelMode } from '@signalbox/database';

export type CatalogueSource = 'openrouter' | 'openrouter_endpoint' | 'litellm' | 'manual';

/** Those that a sync asks, as far as the operator lets it (SIGNALBOX_CATALOGUE_SOURCES). */
export const syncSources = ['openrouter', 'litellm'] as const;
export type SyncSource = (typeof syncSources)[number];

/** Whether a sync that asked these has asked for what has that source. Nobody is asked for what a person wrote. */
export function wasAsked(asked: ReadonlySet<SyncSource>, source: CatalogueSource | null): boolean {
  if (source === null || source === 'manual') return false;
  return asked.has(source === 'openrouter_endpoint' ? 'openrouter' : source);
}

/** Whether whoever has that source has spoken of this model: of endpoints OpenRouter is asked model by model. */
export function hasSpokenOf(
  { hasEndpoints }: Pick<EntryDraft, 'hasEndpoints'>,
  asked: ReadonlySet<SyncSource>,
  source: CatalogueSource | null,
): boolean {
  return wasAsked(asked, source) && (source !== 'openrouter_endpoint' || hasEndpoints);
}

/**
 * US dollars per token (per image, per request where the name says so) as exact decimal texts: input, output, cache_read, cache_write,
 * cache_write_1h, request, image ... `overrides` are other prices under a condition, the last one that applies wins.
 */
export interface PriceTexts {
  readonly overrides?: readonly PriceOverride[];
  readonly [component: string]: string | readonly PriceOverride[] | undefined;
}

/** min_prompt_tokens, or utc_start and utc_end as HHMM, and the components that it replaces. */
export type PriceOverride = Readonly<Record<string, string | number>>;

/** What a source says of a price. variable: routers ask whatever the model behind them asks. absent: nothing is said. */
export type StatedPrice =
  | { readonly state: 'known'; readonly texts: PriceTexts }
  | { readonly state: 'variable' }
  | { readonly state: 'absent' }
  | { readonly state: 'malformed'; readonly detail: string };

/** A price of one provider (a kind of the provider table) for a model. */
export interface PriceOffer {
  readonly provider: string;
  readonly source: CatalogueSource;
  readonly price: StatedPrice;
}

/** A model as one source describes it; parsed, and not yet merged. */
export interface SourceEntry {
  readonly id: string;
  readonly name: string;
  readonly vendor: string;
  readonly mode: ModelMode;
  /** Only what the source knows. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** YYYY-MM-DD */
  readonly expiresOn: string | null;
  readonly offers: readonly PriceOffer[];
}

export interface FieldProvenance {
  readonly source: CatalogueSource;
  /** Since when the field has this value from this source. */
  readonly at: string;
}

/** The columns of an entry that a sync decides. */
export interface EntryContent {
  readonly name: string;
  readonly vendor: string;
  readonly mode: ModelMode;
  readonly status: 'active' | 'deprecated' | 'vanished';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly provenance: Readonly<Record<string, FieldProvenance>>;
  readonly expiresOn: string | null;
}

/** What a sync would make of an entry. */
export interface EntryDraft extends EntryContent {
  readonly id: string;
  /** Under which the catalogue has it so far: OpenRouter names a model that only LiteLLM knew. */
  readonly formerId?: string;
  /** The fingerprint of the entry that it was made from. Left out: there was none. */
  readonly madeFrom?: string;
  readonly offers: readonly PriceOffer[];
  /** The providers of its endpoints were asked: one that is not among the offers serves the model no more. */
  readonly hasEndpoints: boolean;
}
