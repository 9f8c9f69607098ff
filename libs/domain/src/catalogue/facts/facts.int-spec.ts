import { ManualClock, newId, silentLogger } from '@signalbox/common';
import { OutboxDrainer, OutboxRepository } from '@signalbox/domain/outbox';
import type { ProjectionService } from '@signalbox/domain/projection';
import { type QualityLookup, qualityLookup } from '@signalbox/domain/quality';
import { costNanoUsd, deploymentFacts } from '@signalbox/gateway';
import { openTestDatabase, type TestDatabase } from '../../../../../test/support/test-database';
import { parseOpenrouterModel } from '../openrouter/openrouter-model';
import { FactsRepository } from './facts.repository';
import { FactsService } from './facts.service';

jest.setTimeout(30_000);

let database: TestDatabase;
let service: FactsService;
let projectedCount = 0;
const hourMs = 3_600_000;
const clock = new ManualClock(Date.now());
const never = new AbortController().signal;

beforeAll(async () => {
  database = await openTestDatabase();
  const projection = { projectFacts: async () => void (projectedCount += 1) };
  const quality = { load: async () => qualityLookup(new Map()) };
  service = new FactsService(
    database.transactions,
    new FactsRepository(),
    quality as Pick<QualityLookup, 'load'> as QualityLookup,
    projection as Pick<ProjectionService, 'projectFacts'> as ProjectionService,
    new OutboxDrainer(database.transactions, new OutboxRepository(), silentLogger),
    clock,
  );
});
afterAll(() => database.close());

const query = <Result = Record<string, unknown>>(sql: string, parameters: unknown[] = []) =>
  database.transactions.run('platform', (manager) => manager.query<Result[]>(sql, parameters));

async function addDeployment(kind: string, upstreamModel: string, modelFacts: object = {}): Promise<string> {
  const [provider, model, deployment] = [newId('provider'), newId('model'), newId('deployment')];
  await query('INSERT INTO providers (id, name, kind) VALUES ($1, $1, $2)', [provider, kind]);
  await query('INSERT INTO models (id, name, facts) VALUES ($1, $1, $2)', [model, modelFacts]);
  await query('INSERT INTO deployments (id, model_id, provider_id, upstream_model) VALUES ($1, $2, $3, $4)', [
    deployment,
    model,
    provider,
    upstreamModel,
  ]);
  return deployment;
}

async function addEntry(id: string, fields: object): Promise<void> {
  await query(
    `INSERT INTO catalogue_entries (id, name, vendor, mode, status, fields, fingerprint)
     VALUES ($1, $1, 'acme', 'chat', 'active', $2, '')`,
    [id, fields],
  );
}

async function addPrice(
  entryId: string,
  provider: string,
  input: string,
  from: Date,
  to: Date | null = null,
) {
  await query(
    `INSERT INTO catalogue_prices (id, entry_id, provider, prices, source, effective_from, effective_to)
     VALUES ($1, $2, $3, $4, 'manual', $5, $6)`,
    [newId('cataloguePrice'), entryId, provider, { input }, from, to],
  );
}

async function document() {
  const [row] = await query<{ version: number; deployments: Record<string, Record<string, unknown>> }>(
    'SELECT version, deployments FROM facts_documents',
  );
  return row!;
}

it('finds entries by upstream name and by id, keeps what is known only, and writes nothing twice', async () => {
  const dated = await addDeployment('anthropic', 'claude-sonnet-4-5-20250929');
  const dotted = await addDeployment('openai', 'gpt-4-1');
  const unknown = await addDeployment('vllm', 'own', { tools: true });
  await addEntry('anthropic/sonnet', {
    upstream_names: { anthropic: 'claude-sonnet-4-5-20250929' },
    tools: true,
  });
  await addEntry('openai/gpt-4.1', { context_length: 1_000_000, upstream_names: 'none' });
  await addEntry('acme/unused', { tools: true });
  await addPrice('anthropic/sonnet', 'anthropic', '0.000003', new Date(clock.nowMs() - hourMs));
  await service.refresh();
  const first = await document();
  expect(first.deployments).toEqual({
    [dated]: {
      catalogue_id: 'anthropic/sonnet',
      tools: true,
      // Of Anthropic itself, by its documents.
      zero_data_retention: false,
      price_source: 'manual',
      prices: { input: 3_000_000, output: null, cache_read: null, cache_write: null, request: null },
    },
    [dotted]: {
      catalogue_id: 'openai/gpt-4.1',
      context_length: 1_000_000,
      quality: 0.76,
      quality_source: 'table',
      zero_data_retention: false,
      trains_on_data: false,
    },
    [unknown]: { tools: true },
  });
  await service.refresh();
  expect(await document()).toEqual(first);
  expect(projectedCount).toBe(2);
});

it('has the price of the hour: the drainer comes again when a price that is written down comes into force', async () => {
  const id = await addDeployment('groq', 'later');
  const [start, change] = [new Date(clock.nowMs() - hourMs), new Date(clock.nowMs() + hourMs)];
  await addEntry('groq/later', { upstream_names: { groq: 'later' } });
  await addPrice('groq/later', 'groq', '0.000001', start, change);
  await addPrice('groq/later', 'groq', '0.000002', change);
  await database.transactions.run('platform', (manager) =>
    new OutboxRepository().add(manager, ['project.facts'], 'current', null),
  );
  const input = async () => ((await document()).deployments[id]!['prices'] as { input: number }).input;
  expect(await service.drainDue(never)).toBe(1);
  expect(await input()).toBe(1_000_000);
  expect(await query('SELECT next_attempt_at FROM outbox_items')).toEqual([{ next_attempt_at: change }]);
  clock.advanceMs(hourMs);
  await query('UPDATE outbox_items SET next_attempt_at = now()');
  await service.drainDue(never);
  expect(await input()).toBe(2_000_000);
  expect(await query('SELECT * FROM outbox_items')).toEqual([]);
});

it('is written by one at a time, so that its version tells the newer one', async () => {
  const before = (await document()).version;
  await addDeployment('groq', 'one-more', { tools: false });
  await Promise.all([service.refresh(), service.refresh(), service.refresh()]);
  expect((await document()).version).toBe(before + 1);
});

it('has the prices of long prompts, from what OpenRouter says of a model to what the edges read', async () => {
  const id = await addDeployment('openrouter', 'google/gemini-long');
  const raw = {
    id: 'google/gemini-long',
    name: 'Gemini',
    pricing: {
      prompt: '0.00000125',
      completion: '0.00001',
      overrides: [
        { utc_start: 100, utc_end: 400, prompt: '0.000001' },
        { min_prompt_tokens: 200_000, prompt: '0.0000025', completion: '0.000015' },
      ],
    },
  };
  const read = parseOpenrouterModel(raw);
  if (!('entry' in read)) throw new Error('not read');
  const [offer] = read.entry.offers;
  if (offer?.price.state !== 'known') throw new Error('no price');
  await addEntry(raw.id, {});
  await query(
    `INSERT INTO catalogue_prices (id, entry_id, provider, prices, source, effective_from)
     VALUES ('price_long', $1, 'openrouter', $2, 'openrouter', now() - interval '1 day')`,
    [raw.id, offer.price.texts],
  );
  await service.refresh();
  const { deployments } = await document();
  const facts = deploymentFacts.parse(deployments[id]);
  expect(facts.prices).toEqual({
    input: 1_250_000,
    output: 10_000_000,
    cache_read: null,
    cache_write: null,
    request: null,
    long_prompt: [
      {
        above_prompt_tokens: 200_000,
        input: 2_500_000,
        output: 15_000_000,
        cache_read: null,
        cache_write: null,
      },
    ],
  });
  // 250,000 x $2.50 + 1,000 x $15 per million = $0.64; the usual prices would make it $0.3225.
  const used = { prompt: 250_000, cacheRead: 0, cacheWrite: 0, answer: 1_000 };
  expect(costNanoUsd(facts.prices!, used)).toBe(640_000_000);
  await query('DELETE FROM deployments WHERE id = $1', [id]);
});

it('of 2,000 deployments in a catalogue of 4,000 models stays a document of less than a megabyte, made in seconds', async () => {
  await query(
    `INSERT INTO catalogue_entries (id, name, vendor, mode, status, fields, fingerprint)
     SELECT 'openai/m' || n, 'm', 'openai', 'chat', 'active', jsonb_build_object('context_length', n, 'tools', true,
       'max_output_tokens', 4096, 'json_mode', true, 'json_schema', true, 'input_modalities', '["text","image"]'::jsonb,
       'output_modalities', '["text"]'::jsonb, 'upstream_names', jsonb_build_object('openai', 'up' || n)), ''
     FROM generate_series(1, 4000) AS n`,
  );
  await query(
    `INSERT INTO catalogue_prices (id, entry_id, provider, prices, source, effective_from)
     SELECT 'price' || n, 'openai/m' || n, 'openai', '{"input":"0.0000025","output":"0.00001","cache_read":"0.00000125"}',
       'litellm', now() - interval '1 day' FROM generate_series(1, 4000) AS n`,
  );
  const first = await addDeployment('openai', 'up1');
  await query(
    `INSERT INTO deployments (id, model_id, provider_id, upstream_model)
     SELECT 'dep_' || n, model_id, provider_id, 'up' || n FROM deployments, generate_series(2, 2000) AS n WHERE id = $1`,
    [first],
  );
  const startedMs = Date.now();
  await service.refresh();
  expect(Date.now() - startedMs).toBeLessThan(5_000);
  const { deployments } = await document();
  expect(deployments['dep_2000']).toMatchObject({ context_length: 2_000, price_source: 'litellm' });
  expect(JSON.stringify(deployments).length).toBeLessThan(1_000_000);
});
