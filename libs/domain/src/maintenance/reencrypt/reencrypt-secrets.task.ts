import { Inject, Injectable } from '@nestjs/common';
import type { NamedKey } from '@signalbox/common';
import { type MaintenanceRunEntity, TenantTransactions } from '@signalbox/database';
import { ENCRYPTION_KEYS } from '@signalbox/domain/core';
import type { EntityManager } from 'typeorm';
import type { MaintenanceTask } from '../maintenance-task';
import type { RunProgress } from '../run-progress';
import { SealedColumnRepository } from './sealed-column.repository';
import { keyIdOf, type SealedColumn, sealedColumns, whyUnreadable } from './sealed-columns';

const pageSize = 200;

/** Seals anew, with the first key of the ring, whatever is sealed with another one. Reads and writes go on meanwhile. */
@Injectable()
export class ReencryptSecretsTask implements MaintenanceTask {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly rows: SealedColumnRepository,
    @Inject(ENCRYPTION_KEYS) private readonly ring: NamedKey[],
  ) {}

  async count(manager: EntityManager): Promise<number> {
    let total = 0;
    for (const target of sealedColumns) total += await this.rows.countBehind(manager, target, this.keyId());
    return total;
  }

  async work(run: MaintenanceRunEntity, progress: RunProgress, signal: AbortSignal): Promise<void> {
    const [doneTable, doneId] = positionOf(run.cursor);
    const first = Math.max(
      0,
      sealedColumns.findIndex(({ table }) => table === doneTable),
    );
    for (const target of sealedColumns.slice(first)) {
      const after = target.table === doneTable ? doneId : '';
      await this.workOn(target, after, run.dryRun, progress, signal);
    }
  }

  private async workOn(
    target: SealedColumn,
    from: string,
    dryRun: boolean,
    progress: RunProgress,
    signal: AbortSignal,
  ): Promise<void> {
    for (let after = from; ;) {
      const ids = await this.page(target, after);
      for (const id of ids) {
        if (signal.aborted) return;
        await this.transactions.run('platform', (manager) =>
          this.reseal(manager, target, id, dryRun, progress),
        );
        after = id;
      }
      if (ids.length < pageSize) return;
    }
  }

  private page(target: SealedColumn, after: string): Promise<string[]> {
    return this.transactions.run('platform', (manager) =>
      this.rows.pageBehind(manager, target, this.keyId(), after, pageSize),
    );
  }

  private async reseal(
    manager: EntityManager,
    target: SealedColumn,
    id: string,
    dryRun: boolean,
    progress: RunProgress,
  ): Promise<void> {
    const cursor = `${target.table}:${id}`;
    const text = await this.rows.lock(manager, target, id);
    // Deleted, or saved anew, since the page was read.
    if (text === null || keyIdOf(text) === this.keyId()) return progress.skipped(manager, cursor);
    const value = target.open(this.ring, text, id);
    if (value === null) {
      return progress.failed(manager, cursor, `${target.table} ${id}`, whyUnreadable(this.ring, text));
    }
    if (!dryRun) {
      await this.rows.replace(manager, target, id, target.seal(this.ring, value, id), this.keyId());
    }
    return progress.done(manager, cursor);
  }

  /** Of the key that seals. */
  private keyId(): string {
    return this.ring[0]?.kid ?? '';
  }
}

function positionOf(cursor: string | null): [table: string, id: string] {
  if (cursor === null) return ['', ''];
  const colon = cursor.indexOf(':');
  return [cursor.slice(0, colon), cursor.slice(colon + 1)];
}
