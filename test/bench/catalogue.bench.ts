import type { CatalogueSyncEntity } from '@signalbox/database';
import { CatalogueWorld } from '../support/catalogue-world';
import { distributionOf, type Row } from '../support/e2e/figures';
import { openStack } from '../support/e2e-stack';
import { openTestDatabase } from '../support/test-database';
import { dollarsPerToken } from '../stand-ins/openrouter-catalogue.models';

const rounds = 10;

interface Timed {
  readonly ms: number;
  readonly sync: CatalogueSyncEntity;
}

/**
 * `npm run bench -- catalogue`: how long a sync takes with OpenRouter's whole catalogue, the endpoints of each of its models, and the price
 * map of the LiteLLM that is installed, from the real runner.
 */
export async function run(): Promise<Row[]> {
  const stack = openStack();
  // The stack's own worker has a catalogue too: this one is in a database of its own beside it.
  process.env['TEST_DATABASE_URL'] = stack.facts.database_url;
  const database = await openTestDatabase();
  const { runner_url: url, internal_token: internalToken } = stack.facts;
  const world = await CatalogueWorld.open(database, { url, internalToken });
  try {
    for (const { id } of world.openrouter.models) await world.use('openrouter', id);
    const first: Timed[] = [];
    const second: Timed[] = [];
    const repriced: Timed[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await world.forget();
      first.push(await timed(world));
      const before = await world.written();
      second.push(await timed(world));
      if ((await world.written()) !== before) throw new Error('the second sync wrote something');
      changePrices(world, round);
      repriced.push(await timed(world));
    }
    return [
      rowOf('first sync', first),
      rowOf('second sync, same answers', second),
      rowOf('third sync, all prices of a third of the models changed', repriced),
    ];
  } finally {
    await world.close();
    await database.close();
    await stack.close();
  }
}

async function timed(world: CatalogueWorld): Promise<Timed> {
  const startedMs = performance.now();
  const sync = await world.sync();
  const ms = performance.now() - startedMs;
  if (sync.state !== 'completed') throw new Error(`the sync is ${sync.state}: ${sync.problem ?? ''}`);
  return { ms, sync };
}

function changePrices({ openrouter }: CatalogueWorld, round: number): void {
  const models = openrouter.models.filter(({ id }, index) => index % 3 === 0 && !id.endsWith(':free'));
  for (const { pricing } of models) {
    if (pricing['prompt'] === '-1') continue;
    pricing['prompt'] = dollarsPerToken(1_000_000 + round);
    pricing['completion'] = dollarsPerToken(4_000_000 + round);
  }
}

function rowOf(what: string, syncs: readonly Timed[]): Row {
  const { p50_ms, max_ms } = distributionOf(syncs.map(({ ms }) => ms));
  const counts = syncs.at(-1)?.sync.counts ?? {};
  const shown = ['models', 'endpoints', 'litellm_entries', 'added', 'changed', 'prices', 'held'];
  const counted = Object.fromEntries(shown.map((name) => [name, counts[name] ?? 0]));
  return { what, syncs: syncs.length, p50_ms, max_ms, ...counted };
}
