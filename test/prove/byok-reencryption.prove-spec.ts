import type { NamedKey } from '@signalbox/common';
import { createDataSource, TenantTransactions } from '@signalbox/database';
import { type SecretAddress, SealedSecretStore } from '@signalbox/secrets';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { SealedSecretRepository } from '../../libs/domain/src/secrets/sealed-secret.repository';
import { percentile } from '../support/e2e/figures';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';
import { reportProof } from './proof-report';

const cli = join(__dirname, '..', '..', 'dist', 'apps', 'api', 'src', 'cli.js');
const rowCount = 10_000;
const readers = 3;
const organizations = [null, 'org_one', 'org_two'];
const oldKey: NamedKey = { kid: 'old', key: randomBytes(32) };
const newKey: NamedKey = { kid: 'new', key: randomBytes(32) };
const bothKeys = [newKey, oldKey];

interface Run {
  status: string;
  total: number;
  done: number;
  skipped: number;
  failed: number;
}

/** In a database of its own beside the stack's, since the stack's processes do not know the new key. */
describe('encryption keys are rotated under load', () => {
  const stack = useStack();
  const { facts } = stack;
  const name = `signalbox_reencryption_${randomBytes(4).toString('hex')}`;
  const within = (text: string): string => Object.assign(new URL(text), { pathname: `/${name}` }).toString();
  const appUrl = within(facts.app_database_url);
  let dataSource: DataSource;
  let transactions: TenantTransactions;

  const storeWith = (ring: NamedKey[]): SealedSecretStore =>
    new SealedSecretStore(new SealedSecretRepository(transactions), ring);

  async function asAdmin(statement: string): Promise<void> {
    const client = new Client({ connectionString: facts.database_url });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  }

  beforeAll(async () => {
    await asAdmin(`CREATE DATABASE ${name}`);
    const env = { ...process.env, DATABASE_URL: within(facts.database_url), APP_DATABASE_URL: appUrl };
    execFileSync(process.execPath, [cli, 'migrate'], { env });
    dataSource = createDataSource({ url: appUrl, applicationName: 'proof' });
    await dataSource.initialize();
    transactions = new TenantTransactions(dataSource);
  });
  afterAll(async () => {
    await dataSource?.destroy();
    await stack.close();
    await asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  });

  function addressOf(index: number): SecretAddress {
    const organizationId = organizations[index % organizations.length] ?? null;
    return { organizationId, area: 'credentials', name: `OPENAI__${index}` };
  }

  async function seed(): Promise<Map<number, string>> {
    const store = storeWith([oldKey]);
    const values = new Map(Array.from({ length: rowCount }, (_each, index) => [index, `sk-${index}`]));
    const left = [...values];
    const write = async (): Promise<void> => {
      for (let next = left.pop(); next; next = left.pop()) await store.write(addressOf(next[0]), next[1]);
    };
    await Promise.all(Array.from({ length: 8 }, write));
    return values;
  }

  function start(): { process: ChildProcess; lines: string[]; ended: Promise<number | null> } {
    const ring = bothKeys.map(({ kid, key }) => `${kid}:${key.toString('base64url')}`).join(',');
    const env = {
      PATH: process.env['PATH'] ?? '',
      APP_DATABASE_URL: appUrl,
      SIGNALBOX_ENCRYPTION_KEYS: ring,
      SIGNALBOX_FINGERPRINT_KEY: facts.fingerprint_key,
    };
    const child = spawn(process.execPath, [cli, 'reencrypt-secrets'], { env });
    const lines: string[] = [];
    child.stdout.on('data', (text: Buffer) => lines.push(...text.toString().trim().split('\n')));
    const ended = once(child, 'exit').then(([code]) => code as number | null);
    return { process: child, lines, ended };
  }

  const show = async (): Promise<Run | undefined> => {
    const rows = await transactions.run('platform', (manager) =>
      manager.query<Run[]>('SELECT * FROM maintenance_runs'),
    );
    expect(rows.length).toBeLessThanOrEqual(1);
    return rows[0];
  };

  /** Reads of any row, and new values for some, until told to end. Throws at the first wrong answer. */
  function startTraffic(values: Map<number, string>) {
    const store = storeWith(bothKeys);
    const readMs: number[] = [];
    let writes = 0;
    const ending = new AbortController();
    const pick = (): number => Math.floor(Math.random() * rowCount);
    const read = async (): Promise<void> => {
      while (!ending.signal.aborted) {
        const index = pick();
        const startedMs = performance.now();
        const { value } = await store.read(addressOf(index));
        readMs.push(performance.now() - startedMs);
        expect(value).toMatch(new RegExp(`^sk-${index}(-\\d+)?$`));
      }
    };
    const write = async (): Promise<void> => {
      while (!ending.signal.aborted) {
        const index = pick();
        const value = `sk-${index}-${writes}`;
        await store.write(addressOf(index), value);
        values.set(index, value);
        writes += 1;
      }
    };
    const all = Promise.all([...Array.from({ length: readers }, read), write()]);
    return {
      end: async () => {
        ending.abort();
        await all;
        return { readMs, writes };
      },
    };
  }

  it('10,000 rows, killed half-way and taken up again: each one opens, none is lost', async () => {
    const values = await seed();
    const traffic = startTraffic(values);
    const startedMs = performance.now();

    const killed = start();
    const done = async (): Promise<boolean> => ((await show())?.done ?? 0) >= rowCount / 2;
    await waitUntil(done, { deadlineMs: 300_000, what: 'half of the rows', pollEveryMs: 200 });
    killed.process.kill('SIGKILL');
    await killed.ended;
    const half = await show();
    expect(half).toMatchObject({ status: 'running', failed: 0 });
    // What writers saved before the run began was sealed with the new key already.
    expect(half?.total).toBeGreaterThan(rowCount * 0.8);
    expect(half?.done).toBeLessThan(half?.total ?? 0);

    const resumed = start();
    expect(await resumed.ended).toBe(0);
    const seconds = (performance.now() - startedMs) / 1_000;
    const { readMs, writes } = await traffic.end();
    const run = await show();
    expect(run).toMatchObject({ status: 'done', failed: 0 });
    expect(resumed.lines[0]).toMatch(/^Going on with run_/);
    const progress = [...killed.lines, ...resumed.lines].filter((line) => /^\d+ of \d+: \d+ done/.test(line));
    expect(progress.length).toBeGreaterThan(1);

    const onlyNew = storeWith([newKey]);
    for (const [index, value] of values) expect((await onlyNew.read(addressOf(index))).value).toBe(value);
    const [count] = await transactions.run('platform', (manager) =>
      manager.query<{ rows: number; behind: number }[]>(
        `SELECT count(*)::int AS rows, (count(*) FILTER (WHERE key_id <> 'new'))::int AS behind FROM sealed_secrets`,
      ),
    );
    expect(count).toEqual({ rows: rowCount, behind: 0 });

    reportProof(
      'encryption keys are rotated under load',
      [
        {
          what: '10,000 rows, kill -9 half-way',
          seconds: Math.round(seconds),
          sealed_anew: run?.done ?? 0,
          by_writers: rowCount - (run?.done ?? 0),
          failed: run?.failed ?? 0,
          progress_lines: progress.length,
          reads: readMs.length,
          read_p99_ms: Math.round(percentile(readMs, 0.99) * 10) / 10,
          writes,
        },
      ],
      'byok',
    );
  });
});
