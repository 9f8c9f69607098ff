import { Injectable } from '@nestjs/common';
import {
  type CatalogueEntryStatus,
  ConfigReleaseEntity,
  factsDocumentRowId,
  type ReleasedModel,
} from '@signalbox/database';
import { type DeploymentFacts, statedFacts, type StatedFacts } from '@signalbox/gateway';
import type { EntityManager } from 'typeorm';
import type { CatalogueSource, PriceTexts } from '../merge/catalogue.types';
import { looseId } from '../merge/model-names';
import { fingerprintOf } from '../merge/canonical-json';
import { possibleIds, upstreamNames } from './catalogue-lookup';
import type { FactsEntry, FactsSubject, PriceOfProvider } from './facts.types';

interface SubjectRow extends Omit<FactsSubject, 'stated'> {
  readonly ofDeployment: unknown;
  readonly ofModel: unknown;
  readonly ofProvider: unknown;
}

interface EntryRow extends Omit<FactsEntry, 'prices'> {
  readonly status: CatalogueEntryStatus;
}

interface PriceRow {
  readonly entryId: string;
  readonly provider: string;
  readonly texts: PriceTexts;
  readonly source: CatalogueSource;
  readonly since: Date;
}

@Injectable()
export class FactsRepository {
  /** @param modelIds null: all deployments, those that are switched off too */
  async subjects(manager: EntityManager, modelIds: readonly string[] | null): Promise<FactsSubject[]> {
    const rows = await manager.query<SubjectRow[]>(
      `SELECT deployment.id, provider.kind, deployment.upstream_model AS "upstreamModel",
         coalesce(deployment.base_url, provider.base_url) AS "baseUrl", model.name AS "modelName",
         model.openrouter_id AS "openrouterId", deployment.facts AS "ofDeployment", model.facts AS "ofModel",
         provider.facts AS "ofProvider"
       FROM deployments deployment JOIN providers provider ON provider.id = deployment.provider_id
       JOIN models model ON model.id = deployment.model_id
       WHERE $1::text[] IS NULL OR model.id = ANY($1)`,
      [modelIds],
    );
    return rows.map(({ ofDeployment, ofModel, ofProvider, ...subject }) => ({
      ...subject,
      stated: {
        deployment: readStated(ofDeployment),
        model: readStated(ofModel),
        provider: readStated(ofProvider),
      },
    }));
  }

  /** Of the active release; none while there is none. */
  async releasedModels(manager: EntityManager): Promise<ReleasedModel[]> {
    const release = await manager.findOne(ConfigReleaseEntity, {
      select: { id: true, models: true },
      where: { status: 'active' },
    });
    return release?.models ?? [];
  }

  async statedOfProviders(manager: EntityManager): Promise<Map<string, StatedFacts>> {
    const rows = await manager.query<{ id: string; facts: unknown }[]>('SELECT id, facts FROM providers');
    return new Map(rows.map(({ id, facts }) => [id, readStated(facts)]));
  }

  /** As the document has them, by id of the deployment. */
  async writtenFacts(
    manager: EntityManager,
    ids: readonly string[],
  ): Promise<Record<string, Partial<DeploymentFacts>>> {
    if (ids.length === 0) return {};
    const rows = await manager.query<{ id: string; facts: Partial<DeploymentFacts> }[]>(
      `SELECT known.key AS id, known.value AS facts FROM facts_documents, jsonb_each(deployments) known
       WHERE facts_documents.id = $1 AND known.key = ANY($2)`,
      [factsDocumentRowId, ids],
    );
    return Object.fromEntries(rows.map(({ id, facts }) => [id, facts]));
  }

  /** The entries of the catalogue that may say something of them, with the prices that are in force at that time. */
  async entriesOf(
    manager: EntityManager,
    subjects: readonly FactsSubject[],
    at: Date,
  ): Promise<FactsEntry[]> {
    const names = subjects.flatMap((subject) => [...namedIds(subject), ...possibleIds(subject)]);
    const called = subjects.flatMap((subject) =>
      upstreamNames(subject).map((name) => ({ kind: subject.kind, name })),
    );
    const found = await manager.query<EntryRow[]>(
      `WITH called AS (SELECT DISTINCT kind, name FROM jsonb_to_recordset($2::jsonb) AS row (kind text, name text))
       SELECT id, status, fields, provenance FROM catalogue_entries WHERE replace(lower(id), '.', '-') = ANY($1)
       UNION ALL
       SELECT id, status, fields, provenance FROM catalogue_entries WHERE replace(lower(id), '.', '-') <> ALL($1)
         AND EXISTS (SELECT FROM jsonb_each_text(CASE jsonb_typeof(fields->'upstream_names')
             WHEN 'object' THEN fields->'upstream_names' ELSE '{}' END) AS known (kind, name)
           JOIN called USING (kind, name))`,
      [[...new Set(names.map(looseId))], JSON.stringify(called)],
    );
    const rows = withoutTwins(found);
    const prices = await this.pricesAt(
      manager,
      rows.map(({ id }) => id),
      at,
    );
    return rows.map(({ id, fields, provenance }) => ({
      id,
      fields,
      provenance,
      prices: prices.get(id) ?? new Map<string, PriceOfProvider>(),
    }));
  }

  /** When a price comes into force, or ends, that is written down already. */
  async nextPriceChange(manager: EntityManager, after: Date): Promise<Date | null> {
    const [row] = await manager.query<{ at: Date | null }[]>(
      `SELECT least((SELECT min(effective_from) FROM catalogue_prices WHERE effective_from > $1),
         (SELECT min(effective_to) FROM catalogue_prices WHERE effective_to > $1)) AS at`,
      [after],
    );
    return row?.at ?? null;
  }

  /** One writer at a time: whoever comes second sees what the first one saw, or more. */
  async lockDocument(manager: EntityManager): Promise<string> {
    await manager.query(
      `INSERT INTO facts_documents (id, version, fingerprint) VALUES ($1, 0, '') ON CONFLICT DO NOTHING`,
      [factsDocumentRowId],
    );
    const [row] = await manager.query<{ fingerprint: string }[]>(
      'SELECT fingerprint FROM facts_documents WHERE id = $1 FOR UPDATE',
      [factsDocumentRowId],
    );
    return row?.fingerprint ?? '';
  }

  /** @returns whether anything was new */
  async writeDocument(
    manager: EntityManager,
    known: string,
    deployments: Readonly<Record<string, Partial<DeploymentFacts>>>,
    at: Date,
  ): Promise<boolean> {
    const fingerprint = fingerprintOf(deployments);
    if (fingerprint === known) return false;
    await manager.query(
      `UPDATE facts_documents SET deployments = $2, fingerprint = $3, version = version + 1, updated_at = $4
       WHERE id = $1`,
      [factsDocumentRowId, JSON.stringify(deployments), fingerprint, at],
    );
    return true;
  }

  private async pricesAt(
    manager: EntityManager,
    entryIds: readonly string[],
    at: Date,
  ): Promise<Map<string, Map<string, PriceOfProvider>>> {
    const rows = await manager.query<PriceRow[]>(
      `SELECT entry_id AS "entryId", provider, prices AS texts, source, effective_from AS since FROM catalogue_prices
       WHERE entry_id = ANY($1) AND effective_from <= $2 AND (effective_to IS NULL OR effective_to > $2)
       ORDER BY effective_from`,
      [entryIds, at],
    );
    const prices = new Map<string, Map<string, PriceOfProvider>>();
    for (const { entryId, provider, texts, source, since } of rows) {
      const ofEntry = prices.get(entryId) ?? new Map<string, PriceOfProvider>();
      prices.set(entryId, ofEntry.set(provider, { texts, source, since: since.toISOString() }));
    }
    return prices;
  }
}

/** A model that a source spells in another way by now (claude-4-5, claude-4.5) has one entry that is kept current, and one that is not. */
function withoutTwins(entries: readonly EntryRow[]): EntryRow[] {
  const isThere = ({ status }: EntryRow): boolean => status !== 'vanished';
  const there = new Set(entries.filter(isThere).map(({ id }) => looseId(id)));
  return entries.filter((entry) => isThere(entry) || !there.has(looseId(entry.id)));
}

/** What another version wrote and this one cannot read counts as not said. */
function readStated(value: unknown): StatedFacts {
  const read = statedFacts.safeParse(value);
  return read.success ? read.data : {};
}

function namedIds({ stated }: FactsSubject): string[] {
  return Object.values(stated).flatMap(({ catalogue_id: id }) => (id ? [id] : []));
}
