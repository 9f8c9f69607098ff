import { askedFor, type CatalogueSource, type EntryDraft, type SyncSource } from '../merge/catalogue.types';
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
  /** Of whom it is, where it is about all of a source's models. */
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
  const vanishing = vanishedOf(answers, inForce);
  const frozen = new Set([...answers.malformed, ...frozenBy(vanishing, answers.drafts, inForce)]);
  const drafts = answers.drafts.filter(({ id }) => !frozen.has(id));
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
  return { plans, held, vanished, outdated: outdatedOf(waiting, held, drafts, answers.asked), unchanged };
}

function vanishedOf({ asked, models, malformed, drafts }: Answers, { entries }: InForce): Vanishing[] {
  const there = [...entries].filter(([, { status }]) => status !== 'vanished');
  const named = (source: CatalogueSource): Set<string> =>
    new Set(there.filter(([, { provenance }]) => provenance['name']?.source === source).map(([id]) => id));
  // One whose id cannot be read may be any of those that seem to be gone.
  const isUnsure = malformed.some((key) => key.startsWith('?'));
  const covers: SourceCover[] = [
    {
      source: 'openrouter',
      had: isUnsure ? new Set() : named('openrouter'),
      has: new Set([...models, ...malformed]),
    },
    {
      source: 'litellm',
      had: named('litellm'),
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
  asked: ReadonlySet<SyncSource>,
): string[] {
  const wasAsked = (source: CatalogueSource | null): boolean => {
    const who = source && askedFor(source);
    return who !== null && asked.has(who);
  };
  const still = new Set(held.map(({ fingerprint }) => fingerprint));
  const covered = new Set(
    drafts.flatMap((draft) => {
      const providers = draft.offers.filter(({ source }) => wasAsked(source)).map(({ provider }) => provider);
      return idsOf(draft).flatMap((id) => providers.map((provider) => `${id} ${provider}`));
    }),
  );
  return waiting
    .filter(({ entryId, provider, source }) =>
      entryId === null ? wasAsked(source) : covered.has(`${entryId} ${provider}`),
    )
    .filter(({ fingerprint }) => !still.has(fingerprint))
    .map(({ id }) => id);
}
