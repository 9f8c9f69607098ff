import { Injectable } from '@nestjs/common';
import { newId } from '@signalbox/common';
import { CatalogueEntryEntity, containsPattern } from '@signalbox/database';
import type { EntityManager } from 'typeorm';
import type { EntryContent } from '../merge/catalogue.types';
import { fingerprintOf } from '../merge/canonical-json';
import type { EntryFilter, ManualPrice, ShownEntry, ShownPrice } from './catalogue-entry.types';

const entryColumns = `id, version, name, vendor, mode, status, fields, provenance, expires_on::text AS "expiresOn",
  vanished_at AS "vanishedAt", replacement_id AS "replacementId", created_at AS "createdAt", updated_at AS "updatedAt"`;
const priceColumns = `id, entry_id AS "entryId", provider, prices AS texts, source, effective_from AS "effectiveFrom",
  effective_to AS "effectiveTo"`;
const isInForce = '(effective_to IS NULL OR effective_to > now()) AND effective_from <= now()';
/** Prices by hand may be those that the platform agreed upon: no tenant sees them. */
const isPublic = `source <> 'manual'`;

export interface Reader {
  readonly isPlatform: boolean;
}

@Injectable()
export class CatalogueEntryRepository {
  /** By id; `after` is the last id of the page before. */
  async list(
    manager: EntityManager,
    filter: EntryFilter,
    { isPlatform }: Reader,
    limit: number,
    after: string | null,
  ): Promise<ShownEntry[]> {
    const price = `SELECT FROM catalogue_prices price WHERE price.entry_id = entry.id AND ${isInForce}
      AND ($11 OR price.source <> 'manual')`;
    return manager.query<ShownEntry[]>(
      `SELECT ${entryColumns} FROM catalogue_entries entry
       WHERE ($1::text IS NULL OR entry.id > $1)
         AND ($2::text IS NULL OR entry.id ILIKE $2 OR entry.name ILIKE $2)
         AND ($3::text IS NULL OR entry.vendor = $3) AND ($4::text IS NULL OR entry.mode = $4)
         AND ($5::text IS NULL OR entry.status = $5)
         AND ($6::text IS NULL OR EXISTS (${price} AND price.provider = $6))
         AND ($7::text IS NULL OR entry.fields->'input_modalities' ? $7)
         AND ($8::text IS NULL OR entry.fields->'output_modalities' ? $8)
         AND ($9::boolean IS NULL OR entry.fields->'tools' = to_jsonb($9::boolean))
         AND ($10::numeric IS NULL OR (entry.fields->>'context_length')::numeric >= $10)
         AND ($12::numeric IS NULL OR EXISTS (${price} AND (price.prices->>'input')::numeric <= $12))
         AND ($13::numeric IS NULL OR EXISTS (${price} AND (price.prices->>'output')::numeric <= $13))
       ORDER BY entry.id LIMIT $14`,
      [
        after,
        filter.search === undefined ? null : containsPattern(filter.search),
        filter.vendor ?? null,
        filter.mode ?? null,
        filter.status ?? null,
        filter.provider ?? null,
        filter.inputModality ?? null,
        filter.outputModality ?? null,
        filter.tools ?? null,
        filter.minContextLength ?? null,
        isPlatform,
        filter.maxInputPrice ?? null,
        filter.maxOutputPrice ?? null,
        limit,
      ],
    );
  }

  async find(manager: EntityManager, id: string, lock: '' | 'FOR UPDATE' = ''): Promise<ShownEntry | null> {
    const [row] = await manager.query<ShownEntry[]>(
      `SELECT ${entryColumns} FROM catalogue_entries WHERE id = $1 ${lock}`,
      [id],
    );
    return row ?? null;
  }

  /** Those of the ids that are deprecated or have vanished, by id; `after` is the last id of the page before. */
  async findGone(
    manager: EntityManager,
    ids: readonly string[],
    limit: number,
    after: string | null,
  ): Promise<ShownEntry[]> {
    return manager.query<ShownEntry[]>(
      `SELECT ${entryColumns} FROM catalogue_entries
       WHERE id = ANY($1) AND status <> 'active' AND ($2::text IS NULL OR id > $2) ORDER BY id LIMIT $3`,
      [ids, after, limit],
    );
  }

  async pricesInForce(
    manager: EntityManager,
    entryIds: readonly string[],
    { isPlatform }: Reader,
  ): Promise<ShownPrice[]> {
    return manager.query<ShownPrice[]>(
      `SELECT ${priceColumns} FROM catalogue_prices WHERE entry_id = ANY($1) AND ${isInForce} AND ($2 OR ${isPublic})
       ORDER BY entry_id, provider`,
      [entryIds, isPlatform],
    );
  }

  /** Newest first, those to come and those that ended too. */
  async priceHistory(
    manager: EntityManager,
    { entryId, provider }: { entryId: string; provider: string | undefined },
    { isPlatform }: Reader,
    limit: number,
    before: string | null,
  ): Promise<ShownPrice[]> {
    return manager.query<ShownPrice[]>(
      `SELECT ${priceColumns} FROM catalogue_prices WHERE entry_id = $1 AND ($2::text IS NULL OR provider = $2)
         AND ($3 OR ${isPublic}) AND ($4::text IS NULL OR id < $4)
       ORDER BY id DESC LIMIT $5`,
      [entryId, provider ?? null, isPlatform, before, limit],
    );
  }

  /** @returns false: there is one of that id */
  async insert(
    manager: EntityManager,
    id: string,
    content: EntryContent,
    replacementId: string | null,
    at: Date,
  ): Promise<boolean> {
    const rows = await manager.query<unknown[]>(
      `INSERT INTO catalogue_entries (id, name, vendor, mode, status, fields, provenance, expires_on, fingerprint,
         replacement_id, created_at, updated_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) ON CONFLICT DO NOTHING RETURNING 1`,
      [...columnsOf(id, content), replacementId, at],
    );
    return rows.length > 0;
  }

  async update(
    manager: EntityManager,
    id: string,
    content: EntryContent,
    replacementId: string | null,
    at: Date,
  ): Promise<void> {
    await manager.query(
      `UPDATE catalogue_entries SET name = $2, vendor = $3, mode = $4, status = $5, fields = $6, provenance = $7,
         expires_on = $8, fingerprint = $9, replacement_id = $10, updated_at = $11, version = version + 1 WHERE id = $1`,
      [...columnsOf(id, content), replacementId, at],
    );
  }

  /** What a sync held back of it waits for nobody any more, and it takes nobody's place. */
  async delete(manager: EntityManager, id: string): Promise<void> {
    // Whoever decides on one at this moment has its row, and waits for that of the entry.
    await manager.query(
      `UPDATE catalogue_changes SET state = 'superseded', version = version + 1, updated_at = now()
       WHERE id IN (SELECT id FROM catalogue_changes WHERE entry_id = $1 AND state = 'waiting' FOR UPDATE SKIP LOCKED)`,
      [id],
    );
    await manager.query('UPDATE catalogue_entries SET replacement_id = NULL WHERE replacement_id = $1', [id]);
    await manager.delete(CatalogueEntryEntity, { id });
  }

  /**
   * From that time on. One that was to come into force later is gone: it was in force for nobody. Those that were in force stay as they
   * are, but for their end.
   */
  async setPrice(manager: EntityManager, entryId: string, price: ManualPrice, now: Date): Promise<void> {
    const from = price.effectiveFrom ?? now;
    const subject = [entryId, price.provider];
    await manager.query(
      `DELETE FROM catalogue_prices WHERE entry_id = $1 AND provider = $2 AND effective_from >= $3 AND effective_from > $4`,
      [...subject, from, now],
    );
    await manager.query(
      `UPDATE catalogue_prices SET effective_to = $3
       WHERE entry_id = $1 AND provider = $2 AND (effective_to IS NULL OR effective_to > $3)`,
      [...subject, from],
    );
    if (!price.texts) return;
    await manager.query(
      `INSERT INTO catalogue_prices (id, entry_id, provider, prices, source, effective_from)
       VALUES ($1, $2, $3, $4, 'manual', $5)`,
      [newId('cataloguePrice', now.getTime()), ...subject, price.texts, from],
    );
  }
}

function columnsOf(id: string, content: EntryContent): unknown[] {
  const { name, vendor, mode, status, fields, provenance, expiresOn } = content;
  return [id, name, vendor, mode, status, fields, provenance, expiresOn, fingerprintOf(content)];
}
