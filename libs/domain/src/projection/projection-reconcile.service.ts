import { Injectable } from '@nestjs/common';
import { TenantTransactions } from '@signalbox/database';
import { parseProjectionField, type ProjectionKind } from '@signalbox/gateway';
import type { BuiltDocument } from './build-documents';
import { projectionKinds } from './projection-rebuild.service';
import { ProjectionRepository } from './projection.repository';
import { ProjectionStore, type Repair } from './projection-store';

const pageSize = 500;

export interface ProjectionDifferences {
  missing: number;
  /** Other than PostgreSQL says: older, newer (after a restored backup), or changed. */
  different: number;
  extra: number;
  repaired: number;
}

/**
 * Compares all of Redis with PostgreSQL. Redis is always read before PostgreSQL: a change is committed before it is
 * projected, so whatever PostgreSQL then says is at least as new as what was seen in Redis. And a repair is written only
 * over exactly what was seen, so a change that was projected meanwhile stays.
 */
@Injectable()
export class ProjectionReconcileService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: ProjectionRepository,
    private readonly store: ProjectionStore,
  ) {}

  async reconcile(): Promise<ProjectionDifferences> {
    const total: ProjectionDifferences = { missing: 0, different: 0, extra: 0, repaired: 0 };
    await this.removeExtra(total);
    for (const kind of projectionKinds) await this.compareKind(kind, total);
    return total;
  }

  private async compareKind(kind: ProjectionKind, total: ProjectionDifferences): Promise<void> {
    for (let after: string | null = ''; after !== null;) {
      const position: string = after;
      const preview = await this.page(kind, position);
      const seen = await this.store.texts(preview.documents.map(({ field }) => field));
      // The page is read a second time only if something differs, so that it is newer than what was seen in Redis.
      const differs = preview.documents.some(({ text }, index) => seen[index] !== text);
      if (differs) {
        const byField = new Map(preview.documents.map(({ field }, index) => [field, seen[index] ?? null]));
        await this.repairPage((await this.page(kind, position)).documents, byField, total);
      }
      after = preview.nextAfter;
    }
  }

  private async repairPage(
    documents: BuiltDocument[],
    seen: Map<string, string | null>,
    total: ProjectionDifferences,
  ): Promise<void> {
    const repairs: Repair[] = [];
    for (const { field, text } of documents) {
      const expected = seen.get(field);
      if (expected === undefined || expected === text) continue;
      if (expected === null) total.missing += 1;
      else total.different += 1;
      repairs.push({ field, expected, text });
    }
    total.repaired += await this.store.repair(repairs);
  }

  private async removeExtra(total: ProjectionDifferences): Promise<void> {
    let cursor = '0';
    do {
      const { cursor: next, entries } = await this.store.scan(cursor, pageSize);
      const repairs = await this.extraOf(entries);
      total.extra += repairs.length;
      total.repaired += await this.store.repair(repairs);
      cursor = next;
    } while (cursor !== '0');
  }

  private async extraOf(entries: Map<string, string>): Promise<Repair[]> {
    const repairs: Repair[] = [];
    for (const kind of projectionKinds) {
      const found = [...entries].flatMap(([field, text]) => {
        const parsed = parseProjectionField(field);
        return parsed?.kind === kind ? [{ id: parsed.id, field, text }] : [];
      });
      if (found.length === 0) continue;
      const ids = found.map(({ id }) => id);
      const known = await this.transactions.run('platform', (manager) =>
        this.repository.existing(manager, kind, ids),
      );
      const extra = found.filter(({ id }) => !known.has(id));
      repairs.push(...extra.map(({ field, text }) => ({ field, expected: text, text: null })));
    }
    return repairs;
  }

  private page(kind: ProjectionKind, after: string) {
    return this.transactions.run('platform', (manager) =>
      this.repository.page(manager, kind, after, pageSize),
    );
  }
}
