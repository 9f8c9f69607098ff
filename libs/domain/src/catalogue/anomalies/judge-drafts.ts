import {
  type CatalogueSource,
  type EntryContent,
  type EntryDraft,
  hasSpokenOf,
  type PriceOffer,
  type PriceTexts,
  type SyncSource,
} from '../merge/catalogue.types';
import { fingerprintOf, isSame } from '../merge/canonical-json';
import { contentOf } from '../merge/merge-entry';
import { type Anomaly, judgeChange } from './judge-change';

export interface PriceInForce {
  readonly texts: PriceTexts;
  readonly source: CatalogueSource;
}

export interface KnownEntry extends EntryContent {
  readonly fingerprint: string;
}

/** What is to be written for one entry. */
export interface EntryPlan {
  readonly id: string;
  /** Under which it is in the catalogue until now, with its prices, if that is another one. */
  readonly formerId?: string;
  /** The fingerprint that the entry had before. Left out: there was none. */
  readonly madeFrom?: string;
  /** null: the entry is as it was, only prices change. */
  readonly content: EntryContent | null;
  readonly fingerprint: string;
  readonly isNew: boolean;
  /** Providers whose price ends. */
  readonly closes: readonly string[];
  readonly opens: readonly {
    readonly provider: string;
    readonly texts: PriceTexts;
    readonly source: CatalogueSource;
  }[];
}

/** A change that waits for a person. */
export interface HeldChange {
  readonly entryId: string | null;
  readonly provider: string | null;
  readonly anomaly: Anomaly;
  readonly detail: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
  readonly fingerprint: string;
}

export interface JudgedEntry {
  /** null: nothing is to be written. */
  readonly plan: EntryPlan | null;
  readonly held: readonly HeldChange[];
}

const ownServers: ReadonlySet<string> = new Set(['ollama', 'vllm', 'openai_compatible', 'demo']);

/** Compares an entry as it would be with what is in force. What looks wrong is held, the rest of the entry is not. */
export function judgeDraft(
  draft: EntryDraft,
  known: KnownEntry | null,
  prices: ReadonlyMap<string, PriceInForce>,
  asked: ReadonlySet<SyncSource>,
): JudgedEntry {
  const content = contentOf(draft);
  const fingerprint = fingerprintOf(content);
  const judged = draft.offers.map((offer) => judgeOffer(draft, offer, prices.get(offer.provider) ?? null));
  const opens = judged.flatMap(({ opens: one }) => (one ? [one] : []));
  const closes = [
    ...judged.flatMap(({ closes: one }) => (one === null ? [] : [one])),
    ...providersGone(draft, prices, asked),
  ];
  const isAsBefore = known?.fingerprint === fingerprint && draft.formerId === undefined;
  const isNothing = isAsBefore && opens.length === 0 && closes.length === 0;
  const held = judged.flatMap(({ held: one }) => (one ? [one] : []));
  if (isNothing) return { plan: null, held };
  const plan = {
    id: draft.id,
    ...(draft.formerId !== undefined && { formerId: draft.formerId }),
    ...(draft.madeFrom !== undefined && { madeFrom: draft.madeFrom }),
    content: isAsBefore ? null : content,
    fingerprint,
    isNew: !known,
    closes,
    opens,
  };
  return { plan, held };
}

interface JudgedOffer {
  readonly opens: EntryPlan['opens'][number] | null;
  readonly closes: string | null;
  readonly held: HeldChange | null;
}

const nothing: JudgedOffer = { opens: null, closes: null, held: null };

function judgeOffer(draft: EntryDraft, offer: PriceOffer, inForce: PriceInForce | null): JudgedOffer {
  const { provider, source, price } = offer;
  if (inForce?.source === 'manual') return nothing;
  const before = inForce?.texts ?? null;
  if (price.state === 'known' && inForce?.source === source && isSame(before, price.texts)) return nothing;
  const verdict = judgeChange({
    before,
    after: price,
    mayBeFree: draft.id.endsWith(':free') || ownServers.has(provider),
    mayVary: draft.vendor === 'openrouter',
  });
  if (verdict) return { ...nothing, held: heldPrice(draft.id, offer, before, verdict) };
  if (price.state !== 'known') return before ? { ...nothing, closes: provider } : nothing;
  return { opens: { provider, texts: price.texts, source }, closes: before ? provider : null, held: null };
}

function heldPrice(
  entryId: string,
  { provider, source, price }: PriceOffer,
  before: PriceTexts | null,
  { anomaly, detail }: { anomaly: Anomaly; detail: string },
): HeldChange {
  // Nobody is paid for being called: whoever approves a price below 0 approves that no price is known.
  const isPrice = price.state === 'known' && anomaly !== 'price_negative';
  const after = isPrice ? { prices: price.texts, source } : null;
  return {
    entryId,
    provider,
    anomaly,
    detail,
    before: before && { prices: before },
    after,
    // That there is no price is the same news whatever there was before.
    fingerprint: fingerprintOf({ entryId, provider, before: isPrice ? before : null, after: price }),
  };
}

/** A provider that no source names any more, though the source that once named it was asked. */
function providersGone(
  draft: EntryDraft,
  prices: ReadonlyMap<string, PriceInForce>,
  asked: ReadonlySet<SyncSource>,
): string[] {
  const offered = new Set(draft.offers.map(({ provider }) => provider));
  return [...prices]
    .filter(([provider, { source }]) => !offered.has(provider) && hasSpokenOf(draft, asked, source))
    .map(([provider]) => provider);
}
