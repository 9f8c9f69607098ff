import { TenantTransactions } from '@signalbox/database';
import { AuditTrail } from '@signalbox/domain/audit';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { CatalogueWorld } from '../../../../../test/support/catalogue-world';
import { openTestDatabase, type TestDatabase } from '../../../../../test/support/test-database';
import { generateCatalogue } from '../../../../../test/stand-ins/openrouter-catalogue.models';
import { CatalogueEntryRepository } from '../entries/catalogue-entry.repository';
import { CatalogueEntryService } from '../entries/catalogue-entry.service';
import type { ManualPrice } from '../entries/catalogue-entry.types';

const never = new AbortController().signal;
const llama = 'meta-llama/llama-3.3-70b-instruct';
const dayMs = 86_400_000;

/** A worker that is told to end as soon as its sync stands at that step. */
class UntilStep extends TenantTransactions {
  readonly ending = new AbortController();

  constructor(
    { dataSource }: TestDatabase,
    private readonly step: string,
  ) {
    super(dataSource);
  }

  override run: TenantTransactions['run'] = async (tenant, work) => {
    const result = await super.run(tenant, work);
    const found = await super.run('platform', (manager) =>
      manager.query<unknown[]>(`SELECT FROM catalogue_syncs WHERE state = 'running' AND step = $1`, [
        this.step,
      ]),
    );
    if (found.length > 0) this.ending.abort();
    return result;
  };
}

describe('what a person writes into the catalogue, and a sync', () => {
  let database: TestDatabase;
  let world: CatalogueWorld;
  let entries: CatalogueEntryService;

  beforeAll(async () => {
    database = await openTestDatabase();
    world = await CatalogueWorld.open(database);
    const { transactions } = database;
    entries = new CatalogueEntryService(
      transactions,
      new CatalogueEntryRepository(),
      new OutboxRepository(),
      new AuditTrail(world.clock),
      world.clock,
    );
  });
  beforeEach(async () => {
    await world.forget();
    world.openrouter.behave();
    world.openrouter.models = generateCatalogue({ count: 60 });
    world.litellm.reset();
    expect(await world.sync()).toMatchObject({ state: 'completed', counts: { held: 0 } });
  });
  afterAll(async () => {
    await world.close();
    await database.close();
  });

  const ask = (pricing: Record<string, unknown>): void => {
    Object.assign(world.openrouter.model(llama).pricing, pricing);
  };
  const setPrice = async (input: string | null, effectiveFrom: Date | null = null): Promise<void> => {
    const texts = input === null ? null : { input };
    const price: ManualPrice = { provider: 'openrouter', texts, effectiveFrom };
    await entries.update(world.operator, llama, { prices: [price] });
  };
  const prices = async (): Promise<unknown[]> => {
    const rows = await world.query<{ input: string; source: string }>(
      `SELECT prices->>'input' AS input, source FROM catalogue_prices WHERE entry_id = $1 AND provider = 'openrouter'
         AND effective_from <= $2 AND (effective_to IS NULL OR effective_to > $2)`,
      [llama, world.clock.now()],
    );
    return rows.map(({ input, source }) => [input, source]);
  };
  const syncUpTo = async (step: string): Promise<void> => {
    world.clock.advanceMs(3_600_000);
    await world.service.start(world.operator);
    const transactions = new UntilStep(database, step);
    expect(await world.newRunner({ transactions }).advance(transactions.ending.signal)).toBe('stopped');
    expect(await world.latest()).toMatchObject({ step });
  };
  const goOn = async (): Promise<void> => {
    expect(await world.runner.advance(never)).toBe('completed');
  };

  describe.each(['judge', 'write'])('while a sync is about to %s', (step) => {
    it('a price by hand stays', async () => {
      ask({ prompt: '0.0000002' });
      await syncUpTo(step);
      await setPrice('0.0000005');
      await goOn();
      expect(await prices()).toEqual([['0.0000005', 'manual']]);
    });

    it('a field by hand stays', async () => {
      world.openrouter.model(llama).name = 'Renamed by its source';
      await syncUpTo(step);
      await entries.update(world.operator, llama, { name: 'Mine', fields: { context_length: 5 } });
      await goOn();
      expect(await world.entry(llama)).toMatchObject({ name: 'Mine', fields: { context_length: 5 } });
      await world.sync();
      expect(await world.entry(llama)).toMatchObject({ name: 'Mine', fields: { context_length: 5 } });
    });

    it('a model by hand stays, of which its source has news', async () => {
      const [model] = world.openrouter.models;
      world.openrouter.models.push({ ...model!, id: 'acme/new', name: 'Of its source' });
      await syncUpTo(step);
      await entries.create(world.operator, { id: 'acme/new', name: 'Mine' });
      await goOn();
      expect(await world.entry('acme/new')).toMatchObject({ name: 'Mine', vendor: 'acme' });
    });

    it('a model by hand that is removed does not hold the sync up', async () => {
      await entries.create(world.operator, { id: 'acme/new', name: 'Mine' });
      const [model] = world.openrouter.models;
      world.openrouter.models.push({ ...model!, id: 'acme/new', name: 'Of its source' });
      await syncUpTo(step);
      await entries.delete(world.operator, 'acme/new');
      await goOn();
      await world.sync();
      expect(await world.entry('acme/new')).toMatchObject({ name: 'Of its source' });
    });
  });

  it('a price by hand for later leaves the price until then to the sync', async () => {
    await setPrice('0.0000005', new Date(world.clock.nowMs() + 10 * dayMs));
    ask({ prompt: '0.0000002' });
    await world.sync();
    expect(await prices()).toEqual([['0.0000002', 'openrouter']]);
    world.clock.advanceMs(10 * dayMs);
    expect(await prices()).toEqual([['0.0000005', 'manual']]);
    await world.sync();
    expect(await prices()).toEqual([['0.0000005', 'manual']]);
  });

  it('a price by hand that ends later is in force until then, and the sync’s from then on', async () => {
    await setPrice('0.0000005');
    await setPrice(null, new Date(world.clock.nowMs() + 10 * dayMs));
    await world.sync();
    expect(await prices()).toEqual([['0.0000005', 'manual']]);
    world.clock.advanceMs(10 * dayMs);
    await world.sync();
    expect(await prices()).toEqual([['0.0000001', 'openrouter']]);
  });

  it('a renamed model vanishes like any other', async () => {
    await entries.update(world.operator, llama, { name: 'Mine' });
    world.openrouter.models = world.openrouter.models.filter(({ id }) => id !== llama);
    expect(await world.sync()).toMatchObject({ counts: { vanished: 1 } });
    expect(await world.entry(llama)).toMatchObject({ name: 'Mine', status: 'vanished' });
  });

  describe('of which a change waits', () => {
    const held = async (): Promise<string> => {
      ask({ prompt: '0.000009' });
      await world.sync();
      const [change] = await world.waiting();
      return change!.id;
    };
    const approve = (id: string) => world.service.approve(world.operator, id);

    it('keeps a price by hand, also one that is what it was held against', async () => {
      const id = await held();
      await entries.update(world.operator, llama, {
        prices: [
          {
            provider: 'openrouter',
            texts: { input: '0.0000001', output: '0.00000032' },
            effectiveFrom: null,
          },
        ],
      });
      await expect(approve(id)).rejects.toMatchObject({ code: 'catalogue_change_decided' });
      expect(await prices()).toEqual([['0.0000001', 'manual']]);
      await world.sync();
      expect(await world.waiting()).toEqual([]);
    });

    it('is either approved or set by hand when both happen at once', async () => {
      const id = await held();
      const [approved, set] = await Promise.allSettled([approve(id), setPrice('0.0000005')]);
      expect(set.status).toBe('fulfilled');
      expect(
        approved.status === 'rejected' ? (approved.reason as { code?: string }).code : 'approved',
      ).toMatch(/^(approved|catalogue_change_decided)$/);
      expect(await prices()).toEqual([['0.0000005', 'manual']]);
    });

    /** A model by hand, for which OpenRouter says that it costs nothing. */
    const heldForMine = async () => {
      await entries.create(world.operator, { id: 'acme/stealth', name: 'Mine' });
      const [model] = world.openrouter.models;
      const pricing = { prompt: '0', completion: '0' };
      world.openrouter.models.push({ ...model!, id: 'acme/stealth', pricing });
      await world.sync();
      const [change] = await world.waiting();
      return change;
    };

    it('waits no more when the model is removed', async () => {
      const change = await heldForMine();
      expect(change).toMatchObject({ entry_id: 'acme/stealth', anomaly: 'price_zero' });
      await entries.delete(world.operator, 'acme/stealth');
      expect(await world.waiting()).toEqual([]);
      await expect(approve(change!.id)).rejects.toMatchObject({ code: 'catalogue_change_decided' });
    });

    it('is removed or decided on without waiting for each other', async () => {
      const change = await heldForMine();
      const [approved, deleted] = await Promise.allSettled([
        approve(change!.id),
        entries.delete(world.operator, 'acme/stealth'),
      ]);
      expect(deleted.status).toBe('fulfilled');
      const outcome =
        approved.status === 'rejected' ? (approved.reason as { code?: string }).code : 'approved';
      expect(outcome).toMatch(/^(approved|catalogue_change_decided)$/);
    });

    it('takes the place of no other model once it is removed', async () => {
      await entries.create(world.operator, { id: 'acme/other', name: 'Other' });
      await entries.update(world.operator, llama, { replacementId: 'acme/other' });
      await entries.delete(world.operator, 'acme/other');
      expect(await world.entry(llama)).toMatchObject({ replacement_id: null });
    });

    it('cannot be approved before the model is in the catalogue', async () => {
      const [model] = world.openrouter.models;
      const pricing = { prompt: '0', completion: '0' };
      world.openrouter.models.push({ ...model!, id: 'acme/stealth', pricing });
      await syncUpTo('write');
      const [change] = await world.waiting();
      await expect(approve(change!.id)).rejects.toMatchObject({ code: 'catalogue_change_decided' });
      await goOn();
      await approve(change!.id);
      expect(await world.price('acme/stealth', 'openrouter')).toEqual({ input: '0', output: '0' });
    });
  });

  it('a change of a provider that serves the model no more waits no more', async () => {
    await world.use('groq', 'llama-3.3-70b-versatile', llama);
    const serve = (...endpoints: { tag: string; pricing: object }[]) => {
      world.openrouter.behave();
      const body = { data: { id: llama, endpoints } };
      world.openrouter.misbehave({ kind: 'body', body }, { path: /llama-3.3-70b-instruct\/endpoints/ });
      return world.sync();
    };
    const together = { tag: 'together', pricing: { prompt: '0.000001', completion: '0.000001' } };
    await serve({ tag: 'groq', pricing: { prompt: '0', completion: '0' } }, together);
    expect(await world.waiting()).toMatchObject([{ entry_id: llama, provider: 'groq' }]);
    await serve(together);
    expect(await world.waiting()).toEqual([]);
  });
});
