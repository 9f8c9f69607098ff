import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, decodeIdCursor, newId, type Page, toPage } from '@signalbox/common';
import {
  type CatalogueChangeEntity,
  type CatalogueChangeState,
  CatalogueSyncEntity,
  isUniqueViolation,
  TenantTransactions,
} from '@signalbox/database';
import { type Caller, requireOperator, systemCaller } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK } from '@signalbox/domain/core';
import { type NotificationType, OwnerNotifier } from '@signalbox/domain/notifications';
import { JobProducer } from '@signalbox/jobs';
import type { EntityManager } from 'typeorm';
import type { CatalogueSource, PriceTexts } from '../merge/catalogue.types';
import { DeprecationService } from '../deprecations/deprecation.service';
import { isSame } from '../merge/canonical-json';
import { CatalogueStoreRepository } from './catalogue-store.repository';
import { CatalogueSyncRepository, SyncEnded } from './catalogue-sync.repository';
import { HeldChangeRepository } from './held-change.repository';

/** More ids are no message any more. */
const mostNamed = 50;

/** Starts syncs of the catalogue, shows them, and decides on what they held back. A worker does the work. */
@Injectable()
export class CatalogueSyncService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly syncs: CatalogueSyncRepository,
    private readonly changes: HeldChangeRepository,
    private readonly store: CatalogueStoreRepository,
    private readonly audit: AuditTrail,
    private readonly jobs: JobProducer,
    private readonly deprecations: DeprecationService,
    private readonly notifier: OwnerNotifier,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async start(caller: Caller): Promise<CatalogueSyncEntity> {
    requireOperator(caller, 'models:write');
    try {
      const sync = await this.insert(caller, caller.actorId);
      await this.jobs.add('catalogue.sync', {});
      return sync;
    } catch (error) {
      if (!isUniqueViolation(error, 'catalogue_syncs_one_open_key')) throw error;
      const waiting = await this.endPause(caller);
      if (waiting) {
        await this.jobs.add('catalogue.sync', {});
        return waiting;
      }
      throw new AppError(
        'catalogue_sync_in_progress',
        'Wait until it is done: GET /api/v1/llm/catalogue/syncs shows how far it is.',
      );
    }
  }

  /** @returns null when one was started a moment ago */
  async startScheduled(): Promise<CatalogueSyncEntity | null> {
    try {
      return await this.insert(systemCaller('catalogue'), 'schedule');
    } catch (error) {
      if (!isUniqueViolation(error, 'catalogue_syncs_one_open_key')) throw error;
      return null;
    }
  }

  /** The newest one, which may still run; null: there was none yet. */
  async status(caller: Caller): Promise<CatalogueSyncEntity | null> {
    requireOperator(caller, 'models:read');
    return this.transactions.run('platform', (manager) => this.syncs.latest(manager));
  }

  async list(caller: Caller, limit: number, cursor?: string): Promise<Page<CatalogueSyncEntity>> {
    requireOperator(caller, 'models:read');
    const before = decodeIdCursor('catalogueSync', cursor);
    const rows = await this.transactions.run('platform', (manager) =>
      this.syncs.list(manager, limit + 1, before),
    );
    return toPage(
      rows,
      limit,
      ({ id }) => id,
      (row) => row,
    );
  }

  /** Newest first. */
  async listChanges(
    caller: Caller,
    state: CatalogueChangeState | undefined,
    limit: number,
    cursor?: string,
  ): Promise<Page<CatalogueChangeEntity>> {
    requireOperator(caller, 'models:read');
    const before = decodeIdCursor('catalogueChange', cursor);
    const rows = await this.transactions.run('platform', (manager) =>
      this.changes.list(manager, state, limit + 1, before),
    );
    return toPage(
      rows,
      limit,
      ({ id }) => id,
      (row) => row,
    );
  }

  /** Lets a held change pass: from now on its price is in force, or its models count as vanished. */
  async approve(caller: Caller, changeId: string): Promise<CatalogueChangeEntity> {
    return this.decide(caller, changeId, 'approved', async (manager, change, at) => {
      if (change.entryId !== null && change.provider !== null) {
        await this.applyPrice(manager, change, { entryId: change.entryId, provider: change.provider }, at);
      } else {
        const { ids, source } = change.after as { ids: string[]; source: CatalogueSource };
        await this.store.vanish(manager, ids, at, source);
        await this.deprecations.proposeReplacements(manager);
        await this.tellOfGoing(manager, change.syncId, at);
      }
    });
  }

  /** What is in force stays, and the same change is not held again. */
  async reject(caller: Caller, changeId: string): Promise<CatalogueChangeEntity> {
    return this.decide(caller, changeId, 'rejected', async () => undefined);
  }

  /** In the transaction that ends it: proposes replacements, and tells the platform what a person should look at. */
  async completed(manager: EntityManager, { id, createdAt, counts }: CatalogueSyncEntity): Promise<void> {
    await this.deprecations.proposeReplacements(manager);
    const held = counts['held'] ?? 0;
    if (held > 0) await this.tell(manager, 'catalogue.waiting', { sync_id: id, held });
    await this.tellOfGoing(manager, id, createdAt);
  }

  async failed(manager: EntityManager, { id }: CatalogueSyncEntity, problem: string): Promise<void> {
    await this.tell(manager, 'catalogue.failed', { sync_id: id, problem });
  }

  /** A sync that waits after a failure tries again at once. @returns null when it is at work */
  private async endPause(caller: Caller): Promise<CatalogueSyncEntity | null> {
    const nowMs = this.clock.nowMs();
    try {
      return await this.transactions.run('platform', async (manager) => {
        const sync = await this.syncs.findRunning(manager);
        if (!sync || (sync.nextAttemptAt?.getTime() ?? 0) <= nowMs) return null;
        await this.syncs.update(manager, sync, { nextAttemptAt: null, updatedAt: new Date(nowMs) });
        const resumed = await this.syncs.find(manager, sync.id);
        await this.record(manager, caller, 'catalogue_sync.resumed', sync);
        return resumed;
      });
    } catch (error) {
      if (error instanceof SyncEnded) return null;
      throw error;
    }
  }

  private async tellOfGoing(manager: EntityManager, syncId: string, since: Date): Promise<void> {
    const going = await this.deprecations.goneSince(manager, since);
    if (going.length === 0) return;
    const entries = going.slice(0, mostNamed);
    await this.tell(manager, 'catalogue.deprecated', { sync_id: syncId, count: going.length, entries });
  }

  private async tell(
    manager: EntityManager,
    type: NotificationType,
    data: Record<string, unknown>,
  ): Promise<void> {
    await this.notifier.notify(manager, { organizationId: null, type, data });
  }

  private async insert(caller: Caller, trigger: string): Promise<CatalogueSyncEntity> {
    const now = this.clock.now();
    const sync = Object.assign(new CatalogueSyncEntity(), {
      id: newId('catalogueSync', now.getTime()),
      version: 1,
      createdAt: now,
      updatedAt: now,
      trigger,
      state: 'running' as const,
      step: 'fetch_models',
      progress: {},
      counts: {},
      problem: null,
      nextAttemptAt: null,
      endedAt: null,
    });
    await this.transactions.run('platform', async (manager) => {
      await this.syncs.insert(manager, sync);
      await this.record(manager, caller, 'catalogue_sync.started', sync);
    });
    return sync;
  }

  private async record(
    manager: EntityManager,
    caller: Caller,
    action: string,
    { id, trigger }: CatalogueSyncEntity,
  ): Promise<void> {
    await this.audit.record(manager, caller, {
      action,
      targetType: 'catalogue_sync',
      targetId: id,
      organizationId: null,
      changes: { trigger },
    });
  }

  private async decide(
    caller: Caller,
    changeId: string,
    state: 'approved' | 'rejected',
    apply: (manager: EntityManager, change: CatalogueChangeEntity, at: Date) => Promise<void>,
  ): Promise<CatalogueChangeEntity> {
    requireOperator(caller, 'models:write');
    const now = this.clock.now();
    return this.transactions.run('platform', async (manager) => {
      const change = await this.changes.findForUpdate(manager, changeId);
      if (!change) throw unknownChange();
      if (change.state === state) return change;
      if (change.state !== 'waiting') throw alreadyDecided(change.state);
      await apply(manager, change, now);
      change.state = state;
      change.version += 1;
      change.updatedAt = now;
      change.decidedAt = now;
      change.decidedBy = caller.actorId;
      await this.changes.save(manager, change);
      const { anomaly, entryId, provider, before, after } = change;
      await this.audit.record(manager, caller, {
        action: `catalogue_change.${state}`,
        targetType: 'catalogue_change',
        targetId: change.id,
        organizationId: null,
        changes: { anomaly, entryId, provider, before, after },
      });
      return change;
    });
  }

  private async applyPrice(
    manager: EntityManager,
    change: CatalogueChangeEntity,
    subject: { entryId: string; provider: string },
    at: Date,
  ): Promise<void> {
    const isThere = (await this.store.lock(manager, [subject.entryId])).size > 0;
    const inForce = (await this.store.pricesInForce(manager, at)).get(subject.entryId)?.get(subject.provider);
    const isAsBefore = isSame(inForce?.texts ?? null, change.before?.['prices'] ?? null);
    if (!isThere || !isAsBefore || inForce?.source === 'manual') throw alreadyDecided('superseded');
    await this.store.closePrices(manager, [subject], at);
    const after = change.after as { prices: PriceTexts; source: CatalogueSource } | null;
    if (!after) return;
    const price = { ...subject, texts: after.prices, source: after.source };
    await this.store.openPrices(manager, [price], change.syncId, at);
  }
}

function unknownChange(): AppError {
  return new AppError(
    'catalogue_change_not_found',
    'Check the id; GET /api/v1/llm/catalogue/changes lists the known ones.',
  );
}

function alreadyDecided(state: string): AppError {
  return new AppError(
    'catalogue_change_decided',
    `The change is ${state}; GET /api/v1/llm/catalogue/changes?state=waiting lists those that wait.`,
  );
}
