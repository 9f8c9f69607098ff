import type { Clock } from '@signalbox/common';
import type { CatalogueSyncEntity, TenantTransactions } from '@signalbox/database';
import type { EntityManager } from 'typeorm';
import { type Answers, judgeSync } from '../anomalies/judge-sync';
import type { EntryDraft } from '../merge/catalogue.types';
import { askedSources } from './asked-sources';
import type { CatalogueStoreRepository } from './catalogue-store.repository';
import type { CatalogueSyncRepository } from './catalogue-sync.repository';
import type { HeldChangeRepository } from './held-change.repository';
import type { StagedRepository } from './staged.repository';
import type { SyncStep } from './sync-step';

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
      const answers = await this.answers(manager, sync.id);
      const entries = await this.store.entries(manager);
      const prices = await this.store.pricesInForce(manager, now);
      const waiting = await this.changes.waiting(manager);
      const { plans, held, vanished, outdated, unchanged } = judgeSync(answers, { entries, prices }, waiting);
      await this.changes.supersede(manager, outdated, now);
      const newlyHeld = await this.changes.hold(manager, sync.id, held, now);
      const planned = plans.map((plan) => ({ key: plan.id, document: plan }));
      await this.staged.add(manager, sync.id, 'plan', planned);
      const gone = vanished.map((key) => ({ key, document: {} }));
      await this.staged.add(manager, sync.id, 'vanish', gone);
      const counts = { held: newlyHeld, unchanged };
      const progress = { done: 0, total: plans.length };
      await this.syncs.advance(manager, sync, { step: 'write', progress, counts }, now);
    });
  }

  private async answers(manager: EntityManager, syncId: string): Promise<Answers> {
    const drafts = await this.staged.read<EntryDraft>(manager, syncId, 'draft');
    return {
      asked: new Set(await askedSources(this.staged, manager, syncId)),
      models: await this.staged.keys(manager, syncId, 'openrouter'),
      malformed: await this.staged.keys(manager, syncId, 'openrouter_malformed'),
      drafts: drafts.map(({ document }) => document),
    };
  }
}
