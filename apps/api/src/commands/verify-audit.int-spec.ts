import { systemCaller } from '@signalbox/domain/access';
import { OrganizationService } from '@signalbox/domain/organizations';
import { Client } from 'pg';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';
import { runVerifyAudit } from './verify-audit.command';

let api: ApiApp;
const before = process.env['APP_DATABASE_URL'];

beforeAll(async () => {
  api = await openApiApp();
  process.env['APP_DATABASE_URL'] = api.config.databaseUrl;
  for (const name of ['one', 'two'])
    await api.get(OrganizationService).create(systemCaller('test'), { name });
});

afterAll(async () => {
  if (before === undefined) delete process.env['APP_DATABASE_URL'];
  else process.env['APP_DATABASE_URL'] = before;
  await api.close();
});

async function verify(): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  return { code: await runVerifyAudit((line) => lines.push(line)), lines };
}

it('ends with 0 while every chain is in order, and with 1 and the place once one is not', async () => {
  const well = await verify();
  expect([well.code, well.lines.at(-1)]).toEqual([0, '2 chains, 0 broken']);

  const owner = new Client({ connectionString: api.database.ownerUrl });
  await owner.connect();
  const { rows } = await owner.query<{ id: string }>(
    `UPDATE audit_events SET changes = '{"name":"three"}' WHERE changes->>'name' = 'two' RETURNING id`,
  );
  await owner.end();
  const broken = await verify();
  expect([broken.code, broken.lines.at(-1)]).toEqual([1, '2 chains, 1 broken']);
  expect(broken.lines.join('\n')).toContain(`broken at event 1 (${rows[0]?.id})`);
});
