import { type Clock, newId, silentLogger, systemClock } from '@signalbox/common';
import { OutboxDrainer, OutboxRepository } from '@signalbox/domain/outbox';
import type { ProjectionService } from '@signalbox/domain/projection';
import { type QualityLookup, qualityLookup } from '@signalbox/domain/quality';
import { openTestDatabase, type TestDatabase } from '../../../../../test/support/test-database';
import { FactsRepository } from './facts.repository';
import { FactsService } from './facts.service';

let database: TestDatabase;
let service: FactsService;
let newService: (clock: Clock) => FactsService;
const ids = {
  openai: newId('provider'),
  groq: newId('provider'),
  model: newId('model'),
  deployment: newId('deployment'),
};

const query = <Result = Record<string, unknown>>(sql: string, parameters: unknown[] = []) =>
  database.transactions.run('platform', (manager) => manager.query<Result[]>(sql, parameters));

beforeAll(async () => {
  database = await openTestDatabase();
  const projection = { projectFacts: async () => undefined };
  const quality = { load: async () => qualityLookup(new Map()) };
  newService = (clock) =>
    new FactsService(
      database.transactions,
      new FactsRepository(),
      quality as Pick<QualityLookup, 'load'> as QualityLookup,
      projection as Pick<ProjectionService, 'projectFacts'> as ProjectionService,
      new OutboxDrainer(database.transactions, new OutboxRepository(), silentLogger),
      clock,
    );
  service = newService(systemClock);
  await query(
    `INSERT INTO providers (id, name, kind, facts) VALUES ($1, 'o', 'openai', '{"region": "us"}'), ($2, 'g', 'groq', '{}')`,
    [ids.openai, ids.groq],
  );
  await query(`INSERT INTO models (id, name) VALUES ($1, 'smart')`, [ids.model]);
  for (const [id, kind, input] of [
    ['openai/gpt-dear', 'openai', '0.00001'],
    ['groq/cheap', 'groq', '0.0000001'],
  ]) {
    await query(
      `INSERT INTO catalogue_entries (id, name, vendor, mode, status, fingerprint) VALUES ($1, $1, 'x', 'chat', 'active', '')`,
      [id],
    );
    await query(
      `INSERT INTO catalogue_prices (id, entry_id, provider, prices, source, effective_from)
       VALUES ($1, $1, $2, jsonb_build_object('input', $3::text), 'litellm', now() - interval '1 day')`,
      [id, kind, input],
    );
  }
});
beforeEach(async () => {
  await query('DELETE FROM deployments');
  await query('DELETE FROM config_releases');
  await query(
    `INSERT INTO deployments (id, model_id, provider_id, upstream_model) VALUES ($1, $2, $3, 'gpt-dear')`,
    [ids.deployment, ids.model, ids.openai],
  );
  await release('gpt-dear', ids.openai, 'openai');
  await query(`UPDATE models SET name = 'smart'`);
  await service.refresh();
});
afterAll(() => database.close());

async function release(upstreamModel: string | undefined, providerId: string, kind: string): Promise<void> {
  const deployment = { id: ids.deployment, provider_id: providerId, provider_kind: kind, base_url: null };
  const models = [{ name: 'smart', deployments: [{ ...deployment, upstream_model: upstreamModel }] }];
  await query(`UPDATE config_releases SET status = 'superseded'`);
  await query(
    `INSERT INTO config_releases (id, number, status, config_yaml, config_sha256, models, created_by)
     SELECT $1, count(*) + 1, 'active', '', '', $2, 'test' FROM config_releases`,
    [newId('configRelease'), JSON.stringify(models)],
  );
}

async function known() {
  await service.refresh();
  const [row] = await query<{ facts: Record<string, unknown> | undefined }>(
    'SELECT deployments->$1 AS facts FROM facts_documents',
    [ids.deployment],
  );
  const facts = row!.facts as { region?: string; prices?: { input: number } } | null;
  return facts && { region: facts.region, input: facts.prices?.input };
}

const dear = { region: 'us', input: 10_000_000 };
const cheap = { region: undefined, input: 100_000 };

it('what a deployment calls counts as it is released, not as it is to be', async () => {
  expect(await known()).toEqual(dear);
  await query(`UPDATE deployments SET upstream_model = 'cheap', provider_id = $1`, [ids.groq]);
  expect(await known()).toEqual(dear);
  await release('cheap', ids.groq, 'groq');
  expect(await known()).toEqual(cheap);
});

it('a deployment that is removed keeps what is known of it until it is released that it is gone', async () => {
  await query('DELETE FROM deployments');
  expect(await known()).toEqual(dear);
  await query(`UPDATE config_releases SET models = '[]'`);
  expect(await known()).toBeNull();
});

it('what an admin states counts at once', async () => {
  await query(`UPDATE deployments SET facts = '{"region": "eu"}'`);
  expect(await known()).toEqual({ ...dear, region: 'eu' });
});

it.each([
  ['that is not released yet', () => query('DELETE FROM config_releases')],
  ['of a release of an older version', () => release(undefined, ids.openai, 'openai')],
])('a deployment %s counts as it is', async (_what, change) => {
  await change();
  await query(`UPDATE deployments SET upstream_model = 'cheap', provider_id = $1`, [ids.groq]);
  expect(await known()).toEqual(cheap);
});

it('comes again for a price that came into force while the document was made', async () => {
  const hourMs = 3_600_000;
  const startMs = Date.now();
  let hours = 0;
  const nowMs = () => startMs + (hours += 1) * hourMs;
  const change = new Date(startMs + 1.5 * hourMs);
  await query(
    `INSERT INTO catalogue_prices (id, entry_id, provider, prices, source, effective_from)
     VALUES ('price_later', 'openai/gpt-dear', 'mistral', '{}', 'manual', $1)`,
    [change],
  );
  expect(await newService({ nowMs, now: () => new Date(nowMs()) }).refresh()).toEqual(change);
});
