import {
  type CatalogueSource,
  type EntryDraft,
  hasSpokenOf,
  type SyncSource,
  wasAsked,
} from '../merge/catalogue.types';
import { looseId } from '../merge/model-names';
import { sourceOfEntry } from '../merge/source-of-entry';
import { findVanished, type SourceCover, type Vanishing } from './find-vanished';
import {
  type EntryPlan,
  type HeldChange,
  judgeDraft,
  type KnownEntry,
  type PriceInForce,
} from './judge-drafts';

export interface InForce {
  readonly entries: ReadonlyMap<string, KnownEntry>;
  /** By entry, then by provider. */
  readonly prices: ReadonlyMap<string, ReadonlyMap<string, PriceInForce>>;
}

export interface Answers {
  /** What the others had is as it was: nothing of theirs is gone, and what they said waits as it did. */
  readonly asked: ReadonlySet<SyncSource>;
  /** All ids that OpenRouter has. */
  readonly models: readonly string[];
  /** Ids of what could not be read; with a question mark those of which not even the id could. */
  readonly malformed: readonly string[];
  readonly drafts: readonly EntryDraft[];
}

export interface WaitingChange {
  readonly id: string;
  readonly entryId: string | null;
  readonly provider: string | null;
  /** Who says so. null: it says that there is no price. */
  readonly source: CatalogueSource | null;
  readonly fingerprint: string;
}

export interface Judgement {
  readonly plans: readonly EntryPlan[];
  readonly held: readonly HeldChange[];
  readonly vanished: readonly string[];
  /** Of changes that waited: their source says something else by now. */
  readonly outdated: readonly string[];
  readonly unchanged: number;
}

const noPrices: ReadonlyMap<string, PriceInForce> = new Map();

/** What a sync is to write, what is to wait for a person, and what is gone. */
export function judgeSync(answers: Answers, inForce: InForce, waiting: readonly WaitingChange[]): Judgement {
  const unsure = unsureOf(answers, inForce);
  const vanishing = vanishedOf(answers, inForce, unsure);
  const frozen = [...answers.malformed, ...unsure, ...frozenBy(vanishing, answers.drafts, inForce)];
  // LiteLLM's name for one of them is no new model either.
  const frozenNames = new Set(frozen.map(looseId));
  const drafts = answers.drafts.filter(({ id }) => !frozenNames.has(looseId(id)));
  const judged = drafts.map((draft) => {
    const knownAs = draft.formerId ?? draft.id;
    const prices = inForce.prices.get(knownAs) ?? noPrices;
    return judgeDraft(draft, inForce.entries.get(knownAs) ?? null, prices, answers.asked);
  });
  const plans = judged.flatMap(({ plan }) => (plan ? [plan] : []));
  const masses = vanishing.flatMap(({ held }) => (held ? [held] : []));
  const held = [...masses, ...judged.flatMap((one) => one.held)];
  // What one source has lost and the other still has stays in the catalogue.
  const there = new Set(drafts.flatMap(idsOf));
  const vanished = vanishing.flatMap((one) => one.vanished).filter((id) => !there.has(id));
  const unchanged = drafts.length - plans.length;
  const outdated = outdatedOf(waiting, held, drafts, { answers, inForce, isUnsure: unsure.length > 0 });
  return { plans, held, vanished, outdated, unchanged };
}

/** A model whose id cannot be read may be any of those of OpenRouter's that seem to be gone. */
function unsureOf({ asked, models, malformed }: Answers, inForce: InForce): string[] {
  if (!asked.has('openrouter') || !malformed.some((key) => key.startsWith('?'))) return [];
  const has = new Set(models);
  return entriesOf('openrouter', inForce).filter((id) => !has.has(id));
}

function entriesOf(source: CatalogueSource, { entries }: InForce): string[] {
  return [...entries]
    .filter(([, { status, provenance }]) => status !== 'vanished' && sourceOfEntry(provenance) === source)
    .map(([id]) => id);
}

function vanishedOf(
  { asked, models, malformed, drafts }: Answers,
  inForce: InForce,
  unsure: readonly string[],
): Vanishing[] {
  const covers: SourceCover[] = [
    {
      source: 'openrouter',
      had: new Set(entriesOf('openrouter', inForce)),
      has: new Set([...models, ...malformed, ...unsure]),
    },
    {
      source: 'litellm',
      had: new Set(entriesOf('litellm', inForce)),
      has: new Set(drafts.filter(isOfLitellm).flatMap(idsOf)),
    },
  ];
  return covers.filter(({ source }) => asked.has(source)).map(findVanished);
}

function idsOf({ id, formerId }: EntryDraft): string[] {
  return formerId === undefined ? [id] : [id, formerId];
}

/** Entries about which too little is known to change them: a source has lost so much that its answer cannot be right. */
function frozenBy(
  vanishing: readonly Vanishing[],
  drafts: readonly EntryDraft[],
  { prices }: InForce,
): string[] {
  const held = vanishing.flatMap(({ held: one }) => (one?.after ? [one.after] : []));
  const missing = held.flatMap(({ ids }) => ids as string[]);
  if (!held.some(({ source }) => source === 'litellm')) return missing;
  const lostPrices = drafts.filter((draft) => !isOfLitellm(draft) && hasLitellmPrice(prices.get(draft.id)));
  return [...missing, ...lostPrices.map(({ id }) => id)];
}

function isOfLitellm({ provenance }: EntryDraft): boolean {
  return provenance['upstream_names'] !== undefined;
}

function hasLitellmPrice(prices: ReadonlyMap<string, PriceInForce> = noPrices): boolean {
  return [...prices.values()].some(({ source }) => source === 'litellm');
}

function outdatedOf(
  waiting: readonly WaitingChange[],
  held: readonly HeldChange[],
  drafts: readonly EntryDraft[],
  { answers, inForce, isUnsure }: { answers: Answers; inForce: InForce; isUnsure: boolean },
): string[] {
  const { asked } = answers;
  const still = new Set(held.map(({ fingerprint }) => fingerprint));
  const byId = new Map(drafts.flatMap((draft) => idsOf(draft).map((id) => [id, draft])));
  const isAnswered = ({ entryId, provider, source }: WaitingChange): boolean => {
    if (entryId === null || provider === null)
      return wasAsked(asked, source) && !(isUnsure && source === 'openrouter');
    const draft = byId.get(entryId);
    const offer = draft?.offers.find((one) => one.provider === provider);
    if (!draft || offer) return !!offer && wasAsked(asked, offer.source);
    // Nobody names the provider any more: whoever did so has said it.
    const former = source ?? inForce.prices.get(entryId)?.get(provider)?.source ?? null;
    return hasSpokenOf(draft, asked, former);
  };
  return waiting
    .filter(isAnswered)
    .filter(({ fingerprint }) => !still.has(fingerprint))
    .map(({ id }) => id);
}
