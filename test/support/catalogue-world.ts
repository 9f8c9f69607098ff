import { newId, ManualClock, silentLogger } from '@signalbox/common';
import type { CatalogueSyncEntity } from '@signalbox/database';
import { systemCaller } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import type { CatalogueSyncRunner } from '@signalbox/domain/catalogue';
import { CatalogueSyncService, DeprecationService } from '@signalbox/domain/catalogue';
import type { RunnerAccess } from '@signalbox/domain/core';
import type { Notification, OwnerNotifier } from '@signalbox/domain/notifications';
import type { JobProducer } from '@signalbox/jobs';
import { DeprecationRepository } from '../../libs/domain/src/catalogue/deprecations/deprecation.repository';
import { CatalogueEntryRepository } from '../../libs/domain/src/catalogue/entries/catalogue-entry.repository';
import { FactsRepository } from '../../libs/domain/src/catalogue/facts/facts.repository';
import { CatalogueStoreRepository } from '../../libs/domain/src/catalogue/sync/catalogue-store.repository';
import { createSyncRunner } from '../../libs/domain/src/catalogue/sync/catalogue-sync-runner.factory';
import { CatalogueSyncRepository } from '../../libs/domain/src/catalogue/sync/catalogue-sync.repository';
import { HeldChangeRepository } from '../../libs/domain/src/catalogue/sync/held-change.repository';
import { LitellmPricesStandIn } from '../stand-ins/litellm-prices.stand-in';
import { OpenrouterCatalogueStandIn } from '../stand-ins/openrouter-catalogue.stand-in';
import type { TestDatabase } from './test-database';

type Row = Record<string, unknown>;
const never = new AbortController().signal;

/** A worker's catalogue, its sources on the loopback interface, and a clock that is moved by hand. */
export class CatalogueWorld {
  readonly operator = systemCaller('test');
  readonly clock = new ManualClock(Date.UTC(2026, 10, 21, 3));
  /** What the client waited for between two attempts. */
  readonly pausesMs: number[] = [];
  /** What the platform was told. */
  readonly told: Notification[] = [];
  readonly service: CatalogueSyncService;
  readonly runner: CatalogueSyncRunner;

  private constructor(
    readonly database: TestDatabase,
    readonly openrouter: OpenrouterCatalogueStandIn,
    readonly litellm: LitellmPricesStandIn,
    private readonly access: RunnerAccess,
  ) {
    const { transactions } = database;
    const jobs = { add: async () => false } as Pick<JobProducer, 'add'> as JobProducer;
    this.service = new CatalogueSyncService(
      transactions,
      new CatalogueSyncRepository(),
      new HeldChangeRepository(),
      new CatalogueStoreRepository(),
      new AuditTrail(this.clock),
      jobs,
      new DeprecationService(
        transactions,
        new CatalogueEntryRepository(),
        new FactsRepository(),
        new DeprecationRepository(),
        this.clock,
      ),
      { notify: this.notify } as Pick<OwnerNotifier, 'notify'> as OwnerNotifier,
      this.clock,
    );
    this.runner = this.newRunner();
  }

  /** @param access of a real runner, in place of the stand-in */
  static async open(database: TestDatabase, access?: RunnerAccess): Promise<CatalogueWorld> {
    const openrouter = await OpenrouterCatalogueStandIn.start();
    const litellm = await LitellmPricesStandIn.start();
    const own = { url: litellm.url, internalToken: litellm.token };
    return new CatalogueWorld(database, openrouter, litellm, access ?? own);
  }

  private readonly notify = async (_manager: unknown, notification: Notification): Promise<void> =>
    void this.told.push(notification);

  /** As another worker has it. */
  newRunner({
    timeoutMs = 2_000,
    transactions = this.database.transactions,
    isDaily = true,
    asked = ['openrouter', 'litellm'] as readonly ('openrouter' | 'litellm')[],
    openrouterUrl = this.openrouter.baseUrl,
  } = {}): CatalogueSyncRunner {
    const { service, clock, access } = this;
    return createSyncRunner(
      { transactions, service, clock, logger: silentLogger },
      {
        asked,
        openrouterUrl,
        runner: access,
        timeoutMs,
        isDaily,
        pause: async (ms) => void this.pausesMs.push(ms),
      },
    );
  }

  /** One whole sync, an hour after the last one. */
  async sync(runner = this.runner): Promise<CatalogueSyncEntity> {
    this.clock.advanceMs(3_600_000);
    await this.service.start(this.operator);
    await runner.advance(never);
    return this.latest();
  }

  async latest(): Promise<CatalogueSyncEntity> {
    const latest = await this.service.status(this.operator);
    if (!latest) throw new Error('there was no sync yet');
    return latest;
  }

  query<Result = Row>(sql: string, parameters: unknown[] = []): Promise<Result[]> {
    return this.database.transactions.run('platform', (manager) => manager.query<Result[]>(sql, parameters));
  }

  async entry(id: string): Promise<Row> {
    const [row] = await this.query('SELECT * FROM catalogue_entries WHERE id = $1', [id]);
    if (!row) throw new Error(`the catalogue has no ${id}`);
    return row;
  }

  async price(entryId: string, provider: string): Promise<unknown> {
    const [row] = await this.query(
      'SELECT prices FROM catalogue_prices WHERE entry_id = $1 AND provider = $2 AND effective_to IS NULL',
      [entryId, provider],
    );
    return row?.['prices'] ?? null;
  }

  waiting(): Promise<{ id: string; entry_id: string | null; provider: string | null; anomaly: string }[]> {
    return this.query(
      `SELECT id, entry_id, provider, anomaly FROM catalogue_changes WHERE state = 'waiting' ORDER BY entry_id`,
    );
  }

  /** All that is in force, with the transaction that wrote each row. */
  async written(): Promise<string> {
    const rows = await Promise.all([
      this.query('SELECT id, xmin::text FROM catalogue_entries ORDER BY id'),
      this.query('SELECT id, xmin::text FROM catalogue_prices ORDER BY id'),
      this.query('SELECT id, xmin::text FROM catalogue_changes ORDER BY id'),
    ]);
    return JSON.stringify(rows);
  }

  /** A model of ours that has a deployment at a provider of that kind. */
  async use(kind: string, upstreamModel: string, openrouterId: string | null = null): Promise<void> {
    const [provider, model, deployment] = [newId('provider'), newId('model'), newId('deployment')];
    await this.query('INSERT INTO providers (id, name, kind) VALUES ($1, $1, $2)', [provider, kind]);
    await this.query('INSERT INTO models (id, name, openrouter_id) VALUES ($1, $1, $2)', [
      model,
      openrouterId,
    ]);
    await this.query(
      'INSERT INTO deployments (id, model_id, provider_id, upstream_model) VALUES ($1, $2, $3, $4)',
      [deployment, model, provider, upstreamModel],
    );
  }

  /** An empty catalogue that never had a sync. */
  async forget(): Promise<void> {
    await this.query('DELETE FROM catalogue_changes');
    await this.query('DELETE FROM catalogue_syncs');
    await this.query('DELETE FROM catalogue_entries');
  }

  /** What is in force, without ids and times. */
  async content(): Promise<string> {
    const rows = await Promise.all([
      this.query(`SELECT id, status, fields, fingerprint <> '' AS known FROM catalogue_entries ORDER BY id`),
      this.query(
        'SELECT entry_id, provider, prices, source, effective_to FROM catalogue_prices ORDER BY entry_id, provider',
      ),
      this.query('SELECT entry_id, anomaly, state FROM catalogue_changes ORDER BY entry_id'),
      this.query('SELECT count(*)::int AS staged FROM catalogue_staged'),
    ]);
    return JSON.stringify(rows);
  }

  async close(): Promise<void> {
    await Promise.all([this.openrouter.close(), this.litellm.close()]);
  }
}
