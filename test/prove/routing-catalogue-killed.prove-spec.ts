import { OpenrouterCatalogueStandIn } from '../stand-ins/openrouter-catalogue.stand-in';
import type { Row } from '../support/e2e/figures';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';
import { reportProof } from './proof-report';
import { UpdateGate } from './update-gate';

/** What of the catalogue must be the same whether or not anybody was killed: everything without ids and times. */
const contentQueries = [
  'SELECT id, status, fields FROM catalogue_entries ORDER BY id',
  'SELECT entry_id, provider, prices, source, effective_to FROM catalogue_prices ORDER BY entry_id, provider',
  'SELECT entry_id, anomaly, state FROM catalogue_changes ORDER BY entry_id, anomaly',
  'SELECT count(*)::int AS staged FROM catalogue_staged',
];
const rowVersionQueries = ['catalogue_entries', 'catalogue_prices', 'catalogue_changes'].map(
  (table) => `SELECT id, xmin::text AS version FROM ${table} ORDER BY id`,
);
const syncMs = 180_000;

interface Sync {
  id: string;
  state: string;
  problem: string | null;
  step: string;
  created_at: Date;
  ended_at: Date | null;
}

/** A sync of the catalogue on the whole stack: OpenRouter on the loopback interface, the price map out of the real LiteLLM package. */
describe('a sync of the catalogue whose worker is killed', () => {
  let stack: E2eStack;
  let openrouter: OpenrouterCatalogueStandIn;
  let expected: string;
  const rows: Row[] = [];

  beforeAll(async () => {
    stack = useStack();
    const port = Number(new URL(stack.facts.openrouter_url).port);
    openrouter = await OpenrouterCatalogueStandIn.start(undefined, port);
    // Pages, so that there is a middle in which to be killed.
    openrouter.maxPageSize = 50;
    await ended();
    await forget();
  });
  afterAll(async () => {
    reportProof('kill -9 of the worker during a sync of the catalogue', rows, 'routing');
    await openrouter.close();
    await stack.close();
  });

  const latest = async (): Promise<Sync | undefined> =>
    (await stack.stores.query<Sync>('SELECT * FROM catalogue_syncs ORDER BY id DESC LIMIT 1'))[0];

  /** The worker starts one by itself where there never was one. */
  async function ended(): Promise<Sync> {
    return waitUntil(
      async () => {
        const sync = await latest();
        return sync && sync.state !== 'running' ? sync : null;
      },
      { deadlineMs: syncMs, what: 'the end of the sync', pollEveryMs: 50 },
    );
  }

  async function forget(): Promise<void> {
    for (const table of ['catalogue_changes', 'catalogue_entries'])
      await stack.stores.query(`DELETE FROM ${table}`);
  }

  async function read(queries: readonly string[]): Promise<string> {
    return JSON.stringify(await Promise.all(queries.map((sql) => stack.stores.query(sql))));
  }

  const start = (): Promise<unknown> => stack.api.post('/llm/catalogue/syncs');

  it('is whole and quick where nobody is killed, and writes nothing the second time', async () => {
    await start();
    const first = await ended();
    expect([first.state, first.problem]).toEqual(['completed', null]);
    expected = await read(contentQueries);
    const written = await read(rowVersionQueries);
    await start();
    const second = await ended();
    expect(second).toMatchObject({ state: 'completed' });
    expect(second.id).not.toBe(first.id);
    expect(await read(rowVersionQueries)).toBe(written);
    for (const [what, { created_at: from, ended_at: to }] of [
      ['first', first],
      ['second', second],
    ] as const)
      rows.push({ killed: `never (${what})`, seconds: ((to?.getTime() ?? NaN) - from.getTime()) / 1_000 });
  });

  it.each([
    ['in the middle of the pages', `(NEW.progress->>'offset')::int >= 200`],
    ['before the price map', `NEW.step = 'fetch_litellm_prices'`],
    ['before merging', `NEW.step = 'merge'`],
    ['before judging', `NEW.step = 'judge'`],
    ['in the middle of writing', `NEW.step = 'write' AND (NEW.progress->>'done')::int >= 600`],
    ['before those that are gone', `NEW.step = 'vanish'`],
    ['before its end', `NEW.state = 'completed'`],
  ])('comes to the same catalogue: %s', async (place, when) => {
    await forget();
    const gate = await UpdateGate.close(stack, 'catalogue_syncs', when);
    await start();
    await gate.waitForSomebody(syncMs);
    const killed = await stack.processes.kill('worker');
    const killedAtMs = Date.now();
    await gate.open();
    const { state, problem } = await ended();
    rows.push({
      killed: place,
      'seconds from the kill to the end': (Date.now() - killedAtMs) / 1_000,
      state,
    });
    expect([state, problem]).toEqual(['completed', null]);
    expect(await read(contentQueries)).toBe(expected);
    await stack.processes.waitUntilBack('worker', killed);
  });
});
