import type { Clock } from '@signalbox/common';
import type { CatalogueSyncEntity, TenantTransactions } from '@signalbox/database';
import type { EntityManager } from 'typeorm';
import { findVanished, type Vanishing } from '../anomalies/find-vanished';
import {
  type EntryPlan,
  type HeldChange,
  judgeDraft,
  type KnownEntry,
  type PriceInForce,
} from '../anomalies/judge-drafts';
import type { CatalogueSource, EntryDraft } from '../merge/catalogue.types';
import type { CatalogueStoreRepository } from './catalogue-store.repository';
import type { CatalogueSyncRepository } from './catalogue-sync.repository';
import type { HeldChangeRepository, WaitingChange } from './held-change.repository';
import type { StagedRepository } from './staged.repository';
import type { SyncStep } from './sync-step';

interface InForce {
  readonly entries: ReadonlyMap<string, KnownEntry>;
  readonly prices: ReadonlyMap<string, ReadonlyMap<string, PriceInForce>>;
}

interface Judgement {
  readonly plans: readonly EntryPlan[];
  readonly held: readonly HeldChange[];
  readonly unchanged: number;
}

const noPrices: ReadonlyMap<string, PriceInForce> = new Map();

/** Says what is to be written, and holds back what looks wrong. */
export class JudgeStep implements SyncStep {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly syncs: CatalogueSyncRepository,
    private readonly staged: StagedRepository,
    private readonly store: CatalogueStoreRepository,
    private readonly changes: HeldChangeRepository,
    private readonly clock: Clock,
  ) {}

  async work(sync: CatalogueSyncEntity): Promise<void> {
    const now = this.clock.now();
    await this.transactions.run('platform', async (manager) => {
      const inForce = {
        entries: await this.store.entries(manager),
        prices: await this.store.pricesInForce(manager),
      };
      const vanishing = await this.vanishing(manager, sync.id, inForce);
      const staged = await this.staged.read<EntryDraft>(manager, sync.id, 'draft');
      const malformed = await this.staged.keys(manager, sync.id, 'openrouter_malformed');
      const known = staged.map(({ document }) => document);
      const frozen = new Set([...malformed, ...frozenBy(vanishing, known, inForce)]);
      const drafts = known.filter(({ id }) => !frozen.has(id));
      const { plans, held, unchanged } = judgeAll(drafts, inForce);
      const masses = vanishing.flatMap(({ held: one }) => (one ? [one] : []));
      const all = [...masses, ...held];
      const waiting = await this.changes.waiting(manager);
      await this.changes.supersede(manager, outdated(waiting, all, drafts), now);
      const newlyHeld = await this.changes.hold(manager, sync.id, all, now);
      await this.staged.add(
        manager,
        sync.id,
        'plan',
        plans.map((plan) => ({ key: plan.id, document: plan })),
      );
      await this.stageVanished(manager, sync.id, vanishing, drafts);
      const counts = { held: newlyHeld, unchanged };
      const progress = { done: 0, total: plans.length };
      await this.syncs.advance(manager, sync, { step: 'write', progress, counts }, now);
    });
  }

  private async vanishing(
    manager: EntityManager,
    syncId: string,
    { entries }: InForce,
  ): Promise<Vanishing[]> {
    const models = await this.staged.keys(manager, syncId, 'openrouter');
    const malformed = await this.staged.keys(manager, syncId, 'openrouter_malformed');
    const drafts = await this.staged.read<EntryDraft>(manager, syncId, 'draft');
    const ofLitellm = drafts.filter(({ document }) => isOfLitellm(document));
    const named = (source: CatalogueSource): string[] =>
      [...entries]
        .filter(([, entry]) => entry.status !== 'vanished' && entry.provenance['name']?.source === source)
        .map(([id]) => id);
    // One whose id cannot be read may be any of those that seem to be gone.
    const isUnsure = malformed.some((key) => key.startsWith('?'));
    const openrouter = new Set(isUnsure ? [] : named('openrouter'));
    return [
      findVanished({ source: 'openrouter', had: openrouter, has: new Set([...models, ...malformed]) }),
      findVanished({
        source: 'litellm',
        had: new Set(named('litellm')),
        has: new Set(ofLitellm.map(({ key }) => key)),
      }),
    ];
  }

  /** What one source has lost and the other still has stays in the catalogue. */
  private async stageVanished(
    manager: EntityManager,
    syncId: string,
    vanishing: readonly Vanishing[],
    drafts: readonly EntryDraft[],
  ): Promise<void> {
    const there = new Set(drafts.map(({ id }) => id));
    const gone = vanishing.flatMap(({ vanished }) => vanished).filter((id) => !there.has(id));
    await this.staged.add(
      manager,
      syncId,
      'vanish',
      gone.map((key) => ({ key, document: {} })),
    );
  }
}

function judgeAll(drafts: readonly EntryDraft[], { entries, prices }: InForce): Judgement {
  const plans: EntryPlan[] = [];
  const held: HeldChange[] = [];
  for (const draft of drafts) {
    const judged = judgeDraft(draft, entries.get(draft.id) ?? null, prices.get(draft.id) ?? noPrices);
    if (judged.plan) plans.push(judged.plan);
    held.push(...judged.held);
  }
  return { plans, held, unchanged: drafts.length - plans.length };
}

/** A held change is over when its source says something else by now. */
function outdated(
  waiting: readonly WaitingChange[],
  held: readonly HeldChange[],
  drafts: readonly EntryDraft[],
): string[] {
  const still = new Set(held.map(({ fingerprint }) => fingerprint));
  const covered = new Set(
    drafts.flatMap(({ id, offers }) => offers.map(({ provider }) => `${id} ${provider}`)),
  );
  return waiting
    .filter(({ entryId, provider }) => entryId === null || covered.has(`${entryId} ${provider}`))
    .filter(({ fingerprint }) => !still.has(fingerprint))
    .map(({ id }) => id);
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
