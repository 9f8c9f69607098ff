import { createDataSource, migrate, TenantTransactions } from '@signalbox/database';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';

const templateName = 'signalbox_template_test';
const templateLock = 7_346_092;
const appPassword = 'app-password-of-tests';

export interface TestDatabase {
  /** As the application role, under row-level security. */
  dataSource: DataSource;
  transactions: TenantTransactions;
  appUrl: string;
  ownerUrl: string;
  close(): Promise<void>;
}

function adminUrl(database?: string): string {
  const given = process.env['TEST_DATABASE_URL'];
  if (!given) throw new Error('TEST_DATABASE_URL is not set: run the tests by `npm test -- integration`');
  const url = new URL(given);
  if (database) url.pathname = `/${database}`;
  return url.toString();
}

function appUrl(database: string): string {
  const url = new URL(adminUrl(database));
  url.username = 'signalbox_app';
  url.password = appPassword;
  return url.toString();
}

async function asAdmin<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: adminUrl() });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** One migrated database, made once; each test file works on a copy of it (about 0.2 s). */
async function copyTemplate(name: string): Promise<void> {
  await asAdmin(async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [templateLock]);
    const known = await client.query('SELECT FROM pg_database WHERE datname = $1', [templateName]);
    if (known.rowCount === 0) await client.query(`CREATE DATABASE ${templateName}`);
    await migrate({ ownerDatabaseUrl: adminUrl(templateName), appDatabaseUrl: appUrl(templateName) });
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${templateName}`);
  });
}

/** A fresh, migrated database of this test file's own. Close it in afterAll. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const name = `signalbox_${randomBytes(6).toString('hex')}_test`;
  await copyTemplate(name);
  const dataSource = createDataSource({ url: appUrl(name), applicationName: 'test' });
  await dataSource.initialize();
  return {
    dataSource,
    transactions: new TenantTransactions(dataSource),
    appUrl: appUrl(name),
    ownerUrl: adminUrl(name),
    close: async () => {
      await dataSource.destroy();
      await asAdmin((client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
    },
  };
}
