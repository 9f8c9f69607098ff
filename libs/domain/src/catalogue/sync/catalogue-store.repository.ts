import { Injectable } from '@nestjs/common';
import { newId } from '@signalbox/common';
import { OutboxRepository } from '@signalbox/domain/outbox';
import type { EntityManager } from 'typeorm';
import type { EntryPlan, KnownEntry, PriceInForce } from '../anomalies/judge-drafts';
import type { CatalogueSource, PriceTexts } from '../merge/catalogue.types';

/** What our deployments call. */
export interface UsedModel {
  readonly kind: string;
  readonly upstreamModel: string;
  readonly openrouterId: string | null;
}

const isInForceAt = (time: string): string =>
  `effective_from <= ${time} AND (effective_to IS NULL OR effective_to > ${time})`;

/** Entries and prices as they are in force, read and written as a whole. */
@Injectable()
export class CatalogueStoreRepository {
  private readonly outbox = new OutboxRepository();

  async entries(manager: EntityManager): Promise<Map<string, KnownEntry>> {
    const rows = await manager.query<(KnownEntry & { id: string })[]>(
      `SELECT id, name, vendor, mode, status, fields, provenance, fingerprint, expires_on::text AS "expiresOn"
       FROM catalogue_entries`,
    );
    return new Map(rows.map(({ id, ...entry }) => [id, entry]));
  }

  /** By entry, then by provider. A price by hand may be written down for later, or end. */
  async pricesInForce(manager: EntityManager, at: Date): Promise<Map<string, Map<string, PriceInForce>>> {
    const rows = await manager.query<
      { entryId: string; provider: string; texts: PriceTexts; source: CatalogueSource }[]
    >(
      `SELECT entry_id AS "entryId", provider, prices AS texts, source FROM catalogue_prices
       WHERE ${isInForceAt('$1')}`,
      [at],
    );
    const prices = new Map<string, Map<string, PriceInForce>>();
    for (const { entryId, provider, texts, source } of rows) {
      const ofEntry = prices.get(entryId) ?? new Map<string, PriceInForce>();
      prices.set(entryId, ofEntry.set(provider, { texts, source }));
    }
    return prices;
  }

  async usedModels(manager: EntityManager): Promise<UsedModel[]> {
    return manager.query<UsedModel[]>(
      `SELECT DISTINCT provider.kind, deployment.upstream_model AS "upstreamModel",
         model.openrouter_id AS "openrouterId"
       FROM deployments deployment JOIN providers provider ON provider.id = deployment.provider_id
       JOIN models model ON model.id = deployment.model_id
       WHERE deployment.enabled AND model.enabled`,
    );
  }

  /** Until the transaction ends. @returns the fingerprints of those that there are */
  async lock(manager: EntityManager, ids: readonly string[]): Promise<Map<string, string>> {
    const rows = await manager.query<{ id: string; fingerprint: string }[]>(
      'SELECT id, fingerprint FROM catalogue_entries WHERE id = ANY($1) ORDER BY id FOR UPDATE',
      [ids],
    );
    return new Map(rows.map(({ id, fingerprint }) => [id, fingerprint]));
  }

  /** But for entries that a person has added, changed or removed since they were judged: the next sync sees what is theirs. */
  async write(
    manager: EntityManager,
    judged: readonly EntryPlan[],
    { syncId, at }: { syncId: string; at: Date },
  ): Promise<void> {
    const idOf = ({ id, formerId }: EntryPlan): string => formerId ?? id;
    const there = await this.lock(manager, judged.map(idOf));
    const plans = judged.filter((plan) =>
      plan.content ? there.get(idOf(plan)) === plan.madeFrom : there.has(plan.id),
    );
    await this.upsert(manager, plans, at);
    await this.move(
      manager,
      plans.flatMap(({ id, formerId }) => (formerId === undefined ? [] : [{ id, formerId }])),
    );
    if (plans.length > 0) await this.changed(manager);
    const opened = plans.flatMap(({ id, opens }) => opens.map((price) => ({ entryId: id, ...price })));
    const ended = plans.flatMap(({ id, closes }) => closes.map((provider) => ({ entryId: id, provider })));
    // Somebody may have put a price into force since it was judged that there is none.
    await this.closePrices(manager, [...ended, ...opened], at);
    await this.openPrices(manager, opened, syncId, at);
  }

  /** A person's stay. */
  async closePrices(
    manager: EntityManager,
    prices: readonly { entryId: string; provider: string }[],
    at: Date,
  ): Promise<void> {
    if (prices.length === 0) return;
    await manager.query(
      `UPDATE catalogue_prices SET effective_to = $2
       FROM jsonb_to_recordset($1::jsonb) AS row ("entryId" text, provider text)
       WHERE entry_id = row."entryId" AND catalogue_prices.provider = row.provider
         AND ${isInForceAt('$2')} AND source <> 'manual'`,
      [JSON.stringify(prices), at],
    );
    await this.changed(manager);
  }

  /** Until one that is written down for later, and none where a person's is in force. */
  async openPrices(
    manager: EntityManager,
    prices: readonly { entryId: string; provider: string; texts: PriceTexts; source: CatalogueSource }[],
    syncId: string,
    at: Date,
  ): Promise<void> {
    if (prices.length === 0) return;
    const rows = prices.map((price) => ({ id: newId('cataloguePrice', at.getTime()), ...price }));
    await manager.query(
      `INSERT INTO catalogue_prices (id, entry_id, provider, prices, source, effective_from, effective_to, sync_id)
       SELECT row.id, "entryId", row.provider, texts, row.source, $2, (SELECT min(effective_from) FROM catalogue_prices
         WHERE entry_id = "entryId" AND catalogue_prices.provider = row.provider AND effective_from > $2), $3
       FROM jsonb_to_recordset($1::jsonb) AS row (id text, "entryId" text, provider text, texts jsonb, source text)
       WHERE NOT EXISTS (SELECT FROM catalogue_prices WHERE entry_id = "entryId"
         AND catalogue_prices.provider = row.provider AND ${isInForceAt('$2')})`,
      [JSON.stringify(rows), at, syncId],
    );
    await this.changed(manager);
  }

  /** Without a fingerprint, so that one that comes back is written anew. @returns how many */
  async vanish(
    manager: EntityManager,
    ids: readonly string[],
    at: Date,
    ofSource: CatalogueSource | null = null,
  ): Promise<number> {
    const [, count] = await manager.query<[unknown, number]>(
      `UPDATE catalogue_entries SET status = 'vanished', vanished_at = $2, fingerprint = '', version = version + 1,
         updated_at = $2
       WHERE id = ANY($1) AND status <> 'vanished' AND ($3::text IS NULL
         OR $3 IN (provenance->'name'->>'source', provenance->'vendor'->>'source', provenance->'mode'->>'source'))`,
      [ids, at, ofSource],
    );
    // A twin of another spelling may speak for it from now on.
    if (count > 0) await this.changed(manager);
    return count;
  }

  /** What is known of our deployments may be another thing now. */
  private async changed(manager: EntityManager): Promise<void> {
    await this.outbox.addFacts(manager);
  }

  /** Entries that are there under their new ids: what belongs to the old ones goes along, the history of prices too. */
  private async move(
    manager: EntityManager,
    moves: readonly { id: string; formerId: string }[],
  ): Promise<void> {
    if (moves.length === 0) return;
    const rows = `jsonb_to_recordset($1::jsonb) AS row (id text, "formerId" text)`;
    for (const statement of [
      `UPDATE catalogue_prices SET entry_id = row.id FROM ${rows} WHERE entry_id = row."formerId"`,
      `UPDATE catalogue_changes SET entry_id = row.id FROM ${rows}
       WHERE entry_id = row."formerId" AND state = 'waiting'`,
      `UPDATE catalogue_entries SET replacement_id = row.id FROM ${rows} WHERE replacement_id = row."formerId"`,
      `DELETE FROM catalogue_entries USING ${rows} WHERE catalogue_entries.id = row."formerId"`,
    ]) {
      await manager.query(statement, [JSON.stringify(moves)]);
    }
  }

  private async upsert(manager: EntityManager, plans: readonly EntryPlan[], at: Date): Promise<void> {
    const rows = plans.flatMap(({ id, content, fingerprint }) =>
      content ? [{ id, fingerprint, ...content }] : [],
    );
    if (rows.length === 0) return;
    await manager.query(
      `INSERT INTO catalogue_entries (id, name, vendor, mode, status, fields, provenance, fingerprint, expires_on,
         created_at, updated_at)
       SELECT id, name, vendor, mode, status, fields, provenance, fingerprint, "expiresOn", $2, $2
       FROM jsonb_to_recordset($1::jsonb) AS row (id text, name text, vendor text, mode text, status text,
         fields jsonb, provenance jsonb, fingerprint text, "expiresOn" date)
       ON CONFLICT (id) DO UPDATE SET name = excluded.name, vendor = excluded.vendor, mode = excluded.mode,
         status = excluded.status, fields = excluded.fields, provenance = excluded.provenance,
         fingerprint = excluded.fingerprint, expires_on = excluded.expires_on, vanished_at = NULL,
         version = catalogue_entries.version + 1, updated_at = excluded.updated_at`,
      [JSON.stringify(rows), at],
    );
  }
}
