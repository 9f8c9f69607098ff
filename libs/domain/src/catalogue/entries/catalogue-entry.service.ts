import { Inject, Injectable } from '@nestjs/common';
import {
  AppError,
  type Clock,
  decodeCursor,
  decodeIdCursor,
  invalidField,
  type Page,
  toPage,
} from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { type Caller, requireOperator, requireScope, tenantOf } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK } from '@signalbox/domain/core';
import { OutboxRepository } from '@signalbox/domain/outbox';
import type { EntityManager } from 'typeorm';
import { CatalogueEntryRepository, type Reader } from './catalogue-entry.repository';
import type {
  EntryFilter,
  EntryWithPrices,
  ManualEntryChange,
  ManualPrice,
  NewManualEntry,
  ShownEntry,
  ShownPrice,
} from './catalogue-entry.types';
import { blankEntry, isManual, withManualChange } from './manual-entry';

/** The models of the world, shown to everybody, and those that a person adds or knows better. */
@Injectable()
export class CatalogueEntryService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly entries: CatalogueEntryRepository,
    private readonly outbox: OutboxRepository,
    private readonly audit: AuditTrail,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async list(
    caller: Caller,
    filter: EntryFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<EntryWithPrices>> {
    requireScope(caller, 'models:read');
    const after = cursor === undefined ? null : decodeCursor(cursor);
    return this.transactions.run(tenantOf(caller), async (manager) => {
      const rows = await this.entries.list(manager, filter, readerOf(caller), limit + 1, after);
      const shown = await this.withPrices(manager, rows, caller);
      return toPage(
        shown,
        limit,
        ({ entry }) => entry.id,
        (row) => row,
      );
    });
  }

  async get(caller: Caller, id: string): Promise<EntryWithPrices> {
    requireScope(caller, 'models:read');
    return this.transactions.run(tenantOf(caller), (manager) => this.load(manager, id, caller));
  }

  async priceHistory(
    caller: Caller,
    subject: { entryId: string; provider: string | undefined },
    limit: number,
    cursor?: string,
  ): Promise<Page<ShownPrice>> {
    requireScope(caller, 'models:read');
    const before = decodeIdCursor('cataloguePrice', cursor);
    const rows = await this.transactions.run(tenantOf(caller), async (manager) => {
      if (!(await this.entries.find(manager, subject.entryId))) throw unknownEntry();
      return this.entries.priceHistory(manager, subject, readerOf(caller), limit + 1, before);
    });
    return toPage(
      rows,
      limit,
      ({ id }) => id,
      (row) => row,
    );
  }

  async create(caller: Caller, { id, ...input }: NewManualEntry): Promise<EntryWithPrices> {
    requireOperator(caller, 'models:write');
    const now = this.clock.now();
    this.checkTimes(input.prices ?? [], now);
    return this.transactions.run('platform', async (manager) => {
      const blank = blankEntry(id);
      // Each of its columns is a person's word, so that no sync takes the entry for one of its own.
      const { name = blank.name, vendor = blank.vendor, mode = blank.mode, ...rest } = input;
      const content = withManualChange(blank, { ...rest, name, vendor, mode }, now.toISOString());
      await this.checkReplacement(manager, id, input.replacementId);
      const isNew = await this.entries.insert(manager, id, content, input.replacementId ?? null, now);
      if (!isNew) {
        throw new AppError(
          'catalogue_entry_exists',
          `The catalogue has ${id} already: change it with PATCH /api/v1/llm/catalogue/${id}.`,
        );
      }
      await this.setPrices(manager, id, input.prices ?? [], now);
      await this.changed(manager, caller, 'catalogue_entry.created', id, { ...input });
      return this.load(manager, id, caller);
    });
  }

  async update(caller: Caller, id: string, change: ManualEntryChange): Promise<EntryWithPrices> {
    requireOperator(caller, 'models:write');
    const now = this.clock.now();
    this.checkTimes(change.prices ?? [], now);
    return this.transactions.run('platform', async (manager) => {
      const entry = await this.lock(manager, id);
      await this.checkReplacement(manager, id, change.replacementId);
      const replacementId = change.replacementId === undefined ? entry.replacementId : change.replacementId;
      const content = withManualChange(entry, change, now.toISOString());
      await this.entries.update(manager, id, content, replacementId, now);
      await this.setPrices(manager, id, change.prices ?? [], now);
      await this.changed(manager, caller, 'catalogue_entry.updated', id, { ...change });
      return this.load(manager, id, caller);
    });
  }

  async delete(caller: Caller, id: string): Promise<void> {
    requireOperator(caller, 'models:write');
    await this.transactions.run('platform', async (manager) => {
      const entry = await this.lock(manager, id);
      if (!isManual(entry)) {
        throw new AppError(
          'catalogue_entry_not_manual',
          'The next sync would bring it back. What was written by hand in it is taken back with PATCH and null.',
        );
      }
      await this.entries.delete(manager, id);
      await this.changed(manager, caller, 'catalogue_entry.deleted', id, { name: entry.name });
    });
  }

  private async lock(manager: EntityManager, id: string): Promise<ShownEntry> {
    const entry = await this.entries.find(manager, id, 'FOR UPDATE');
    if (!entry) throw unknownEntry();
    return entry;
  }

  private async load(manager: EntityManager, id: string, caller: Caller): Promise<EntryWithPrices> {
    const entry = await this.entries.find(manager, id);
    if (!entry) throw unknownEntry();
    const [shown] = await this.withPrices(manager, [entry], caller);
    return shown!;
  }

  private async withPrices(
    manager: EntityManager,
    rows: readonly ShownEntry[],
    caller: Caller,
  ): Promise<EntryWithPrices[]> {
    const ids = rows.map(({ id }) => id);
    const prices = await this.entries.pricesInForce(manager, ids, readerOf(caller));
    return rows.map((entry) => ({ entry, prices: prices.filter(({ entryId }) => entryId === entry.id) }));
  }

  /** In the order in which they come into force: each takes the place of those that were to come after it. */
  private async setPrices(
    manager: EntityManager,
    id: string,
    prices: readonly ManualPrice[],
    now: Date,
  ): Promise<void> {
    const msOf = ({ effectiveFrom }: ManualPrice): number => (effectiveFrom ?? now).getTime();
    const inOrder = [...prices].sort((left, right) => msOf(left) - msOf(right));
    for (const price of inOrder) await this.entries.setPrice(manager, id, price, now);
  }

  /** A price that was in force is what usage was charged: nobody changes the past. */
  private checkTimes(prices: readonly ManualPrice[], now: Date): void {
    const early = prices.findIndex(({ effectiveFrom }) => effectiveFrom !== null && effectiveFrom < now);
    if (early < 0) return;
    const message = 'must not be in the past; left out, it is now';
    throw new AppError('validation_failed', `effective_from ${message}.`, {
      fields: [{ field: `prices.${early}.effective_from`, message }],
    });
  }

  private async checkReplacement(
    manager: EntityManager,
    id: string,
    replacementId: string | null | undefined,
  ): Promise<void> {
    if (!replacementId) return;
    const isKnown = replacementId !== id && (await this.entries.find(manager, replacementId)) !== null;
    if (isKnown) return;
    throw invalidField('replacement_id', 'must be another entry of the catalogue');
  }

  private async changed(
    manager: EntityManager,
    caller: Caller,
    action: string,
    id: string,
    changes: Record<string, unknown>,
  ): Promise<void> {
    await this.outbox.addFacts(manager);
    await this.audit.record(manager, caller, {
      action,
      targetType: 'catalogue_entry',
      targetId: id,
      organizationId: null,
      changes,
    });
  }
}

function readerOf(caller: Caller): Reader {
  return { isPlatform: caller.organizationId === null };
}

function unknownEntry(): AppError {
  return new AppError(
    'catalogue_entry_not_found',
    'Check the id: GET /api/v1/llm/catalogue?search= finds models by a part of it. A sync or POST /api/v1/llm/catalogue adds them.',
  );
}
