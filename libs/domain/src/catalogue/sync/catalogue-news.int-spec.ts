import { AuditTrail } from '@signalbox/domain/audit';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { CatalogueWorld } from '../../../../../test/support/catalogue-world';
import { insertHeldChange } from '../../../../../test/support/held-change';
import { openTestDatabase, type TestDatabase } from '../../../../../test/support/test-database';
import { CatalogueEntryRepository } from '../entries/catalogue-entry.repository';
import { CatalogueEntryService } from '../entries/catalogue-entry.service';

let database: TestDatabase;
let world: CatalogueWorld;
const never = new AbortController().signal;

beforeAll(async () => {
  database = await openTestDatabase();
  world = await CatalogueWorld.open(database);
});
afterAll(async () => {
  await world.close();
  await database.close();
});

const factsItems = () => world.query(`DELETE FROM outbox_items WHERE topic = 'project.facts' RETURNING 1`);

it('what a person wrote into an entry stays, and a sync that has nothing new writes nothing', async () => {
  await world.sync();
  expect((await factsItems())[1]).toBe(1);
  const [entry] = await world.query<{ id: string; provider: string }>(
    `SELECT entry_id AS id, provider FROM catalogue_prices WHERE effective_to IS NULL AND source = 'litellm'
     ORDER BY entry_id LIMIT 1`,
  );
  const { id, provider } = entry!;
  const entries = new CatalogueEntryService(
    database.transactions,
    new CatalogueEntryRepository(),
    new OutboxRepository(),
    new AuditTrail(world.clock),
    world.clock,
  );
  const price = { provider, texts: { input: '0.005' }, effectiveFrom: null };
  await entries.update(world.operator, id, { fields: { context_length: 77 }, prices: [price] });
  expect((await factsItems())[1]).toBe(1);
  const written = await world.written();
  await world.sync();
  expect(await world.written()).toBe(written);
  expect((await factsItems())[1]).toBe(0);
  expect([await world.price(id, provider), (await world.entry(id))['fields']]).toEqual([
    price.texts,
    expect.objectContaining({ context_length: 77 }),
  ]);
  await entries.update(world.operator, id, {
    fields: { context_length: null },
    prices: [{ ...price, texts: null }],
  });
  await world.sync();
  expect(await world.price(id, provider)).not.toEqual(price.texts);
  expect(await world.price(id, provider)).not.toBeNull();
  expect(await world.entry(id)).not.toMatchObject({ fields: { context_length: 77 } });
});

it('the platform is told of models in use that go, once, with a replacement for each of them', async () => {
  const [used] = await world.query<{ id: string; vendor: string; upstream: string }>(
    `SELECT id, vendor, fields->'upstream_names'->>'openai' AS upstream FROM catalogue_entries entry
     WHERE status = 'active' AND mode = 'chat' AND fields->'upstream_names' ? 'openai' AND id NOT LIKE '%:free'
       AND provenance->'name'->>'source' = 'openrouter' ORDER BY id LIMIT 1`,
  );
  await world.use('openai', used!.upstream);
  expect(world.told.filter(({ type }) => type === 'catalogue.deprecated')).toEqual([]);
  await world.query(
    `UPDATE catalogue_entries SET status = 'vanished', vanished_at = $2, fingerprint = '' WHERE id = $1`,
    [used!.id, new Date(world.clock.nowMs() + 3_600_001)],
  );
  await world.service.start(world.operator);
  const sync = await world.latest();
  await database.transactions.run('platform', (manager) => world.service.completed(manager, sync));
  const expected = { organizationId: null, type: 'catalogue.deprecated' };
  expect(world.told.at(-1)).toMatchObject({
    ...expected,
    data: { sync_id: sync.id, count: 1, entries: [used!.id] },
  });
  const { replacement_id: replacement } = await world.entry(used!.id);
  expect(await world.entry(String(replacement))).toMatchObject({
    vendor: used!.vendor,
    status: 'active',
    mode: 'chat',
  });
  await world.runner.advance(never);
});

it('of models in use that an operator lets go', async () => {
  const [used] = await world.query<{ id: string; upstream: string }>(
    `SELECT id, fields->'upstream_names'->>'openai' AS upstream FROM catalogue_entries
     WHERE status = 'active' AND mode = 'chat' AND fields->'upstream_names' ? 'openai'
       AND provenance->'name'->>'source' = 'openrouter' ORDER BY id DESC LIMIT 1`,
  );
  await world.use('openai', used!.upstream);
  const change = await insertHeldChange(database);
  await world.query(`UPDATE catalogue_changes SET after = $2 WHERE id = $1`, [
    change,
    { ids: [used!.id], source: 'openrouter' },
  ]);
  await world.service.approve(world.operator, change);
  expect(world.told.at(-1)).toMatchObject({ type: 'catalogue.deprecated', data: { entries: [used!.id] } });
  expect((await world.entry(used!.id))['replacement_id']).not.toBeNull();
});

it('of changes that were held back, and of a sync that failed', async () => {
  world.told.length = 0;
  const [priced] = await world.query<{ entry_id: string; provider: string }>(
    `SELECT entry_id, provider FROM catalogue_prices WHERE effective_to IS NULL AND source = 'litellm'
       AND prices->>'input' IS NOT NULL ORDER BY entry_id LIMIT 1`,
  );
  await world.query(
    `UPDATE catalogue_prices SET prices = '{"input":"0.000000000001"}' WHERE entry_id = $1 AND provider = $2`,
    [priced!.entry_id, priced!.provider],
  );
  const sync = await world.sync();
  expect(sync.counts['held']).toBeGreaterThan(0);
  expect(world.told).toEqual([
    {
      organizationId: null,
      type: 'catalogue.waiting',
      data: { sync_id: sync.id, held: sync.counts['held'] },
    },
  ]);
  world.told.length = 0;
  const runner = world.newRunner({ isDaily: false });
  await world.openrouter.close();
  await world.service.start(world.operator);
  for (let attempt = 0; attempt < 8; attempt += 1) {
    await runner.advance(never);
    world.clock.advanceMs(3_600_000);
  }
  const failed = await world.latest();
  expect(failed.state).toBe('failed');
  expect(world.told).toEqual([
    { organizationId: null, type: 'catalogue.failed', data: { sync_id: failed.id, problem: failed.problem } },
  ]);
});
