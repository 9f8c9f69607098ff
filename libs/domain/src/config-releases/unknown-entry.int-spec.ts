import { ReleaseBench } from '../../../../test/support/release-bench';
import { openTestDatabase } from '../../../../test/support/test-database';

let bench: ReleaseBench;

beforeAll(async () => {
  bench = await ReleaseBench.on(await openTestDatabase());
  await bench.addModel();
  await bench.sql(
    `INSERT INTO catalogue_entries (id, name, vendor, mode, status, fingerprint)
     VALUES ('anthropic/claude-sonnet-4.5', 'Sonnet', 'anthropic', 'chat', 'vanished', '')`,
  );
});
afterAll(() => bench.database.close());

async function findings(facts: {
  deployments?: object;
  models?: object;
  providers?: object;
}): Promise<string[]> {
  for (const table of ['deployments', 'models', 'providers'] as const) {
    await bench.sql(`UPDATE ${table} SET facts = $1`, [facts[table] ?? {}]);
  }
  const { lint } = await bench.releases.plan(bench.caller);
  return lint.filter(({ code }) => code === 'catalogue_entry_unknown').map(({ message }) => message);
}

const known = { catalogue_id: 'anthropic/claude-sonnet-4.5' };
const typo = { catalogue_id: 'anthropic/claude-sonet' };

describe('an entry of the catalogue that the facts name', () => {
  it.each([
    ['nowhere', {}],
    ['by its id', { deployments: known }],
    ['as the vendor writes it', { deployments: { catalogue_id: 'Anthropic/claude-sonnet-4-5' } }],
    ['by the nearest word, whatever the others say', { deployments: known, models: typo, providers: typo }],
    ['with nothing in it', { deployments: { catalogue_id: null } }],
  ])('is nothing to warn of: %s', async (_how, facts) => {
    expect(await findings(facts)).toEqual([]);
  });

  it.each([
    ['the deployment', { deployments: typo, models: known }, /^Its facts say/],
    ['the model', { deployments: { region: 'eu' }, models: typo, providers: known }, /of its model say/],
    ['the provider', { providers: typo }, /of its provider say/],
  ])('is warned of where it is not there: %s', async (_whose, facts, message) => {
    expect(await findings(facts)).toEqual([expect.stringMatching(message)]);
  });
});
