import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { ReplayFigures } from '@signalbox/domain/replay';
import { createDataSource, TenantTransactions } from '@signalbox/database';
import { defaultRoutingPolicy, effectiveRouting, powerLevels, type RoutingRules } from '@signalbox/gateway';
import type { DataSource } from 'typeorm';
import type { Row } from '../support/e2e/figures';
import { createTenant, type Tenant } from '../support/e2e/tenants';
import type { E2eStack } from '../support/e2e-stack';
import { type DecidedEvent, decidedTraffic, insertDecided } from '../support/replay-world';
import { useStack } from '../support/use-stack';
import { reportProof } from './proof-report';

const decisions = 100_000;
const candidates = 20;
const goalSeconds = 60;
const rowsPerInsert = 1_000;
const from = new Date('2026-01-10T00:00:00Z');
const to = new Date('2026-01-11T00:00:00Z');
const cli = join(__dirname, '..', '..', 'dist', 'apps', 'api', 'src', 'cli.js');

interface Ran {
  readonly figures: ReplayFigures;
  readonly progress: readonly string[];
  readonly seconds: number;
}

/** A day of stored decisions in a real PostgreSQL, replayed by the command that an operator uses. */
describe('replay of 100,000 stored decisions', () => {
  let stack: E2eStack;
  let dataSource: DataSource;
  let tenant: Tenant;
  const rows: Row[] = [];

  beforeAll(async () => {
    stack = useStack();
    dataSource = createDataSource({ url: stack.facts.app_database_url, applicationName: 'prove' });
    await dataSource.initialize();
    tenant = await createTenant(stack, 'replay');
    const rules: RoutingRules = { power_level: 'eco', exploration: 0.05 };
    const written = await stack.api.request('PUT', `/workspaces/${tenant.workspaceId}/routing`, {
      body: rules,
    });
    expect(written.status).toBe(200);
    const policy = effectiveRouting(defaultRoutingPolicy, rules);
    await insertAll(decidedTraffic({ ...tenant, policy, from, count: decisions, seed: 1, candidates }));
    await stack.stores.query('ANALYZE usage_events');
  });
  afterAll(async () => {
    reportProof('replay of 100,000 stored decisions', rows, 'routing');
    await dataSource.destroy();
    await stack.close();
  });

  async function insertAll(events: Iterable<DecidedEvent>): Promise<void> {
    const transactions = new TenantTransactions(dataSource);
    let batch: DecidedEvent[] = [];
    const write = () => transactions.run('platform', (manager) => insertDecided(manager, batch));
    for (const event of events) {
      batch.push(event);
      if (batch.length < rowsPerInsert) continue;
      await write();
      batch = [];
    }
    if (batch.length > 0) await write();
  }

  function replay(...args: string[]): Promise<Ran> {
    const range = ['--from', from.toISOString(), '--to', to.toISOString(), '--json'];
    const env = { PATH: process.env['PATH'] ?? '', APP_DATABASE_URL: stack.facts.app_database_url };
    const startedAtMs = performance.now();
    const child = spawn(
      process.execPath,
      [cli, 'replay', '--workspace', tenant.workspaceId, ...range, ...args],
      {
        env,
      },
    );
    let [output, progress] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    child.stderr.on('data', (data: Buffer) => (progress += data.toString()));
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        if (code !== 0) return reject(new Error(`replay ended with ${code}: ${progress}`));
        const seconds = Math.round((performance.now() - startedAtMs) / 100) / 10;
        const figures = JSON.parse(output) as ReplayFigures;
        return resolve({ figures, seconds, progress: progress.trimEnd().split('\n') });
      });
    });
  }

  function report(what: string, { figures, seconds, progress }: Ran): void {
    rows.push({
      what,
      decisions: figures.decisions,
      seconds,
      goal_seconds: goalSeconds,
      'progress lines': progress.length,
      changed: figures.changed,
      'same policy, changed': figures.same_policy_changed,
      'before, USD': figures.cost.before_usd,
      'after, USD': figures.cost.after_usd,
    });
  }

  it('comes to the same choices under the same policy, all of them', async () => {
    const ran = await replay();
    report('the same policy', ran);
    expect(ran.figures).toMatchObject({
      events: decisions,
      decisions,
      same_policy: decisions,
      same_policy_changed: 0,
      changed: 0,
      cost: { saved_usd: '0' },
    });
    expect(ran.seconds).toBeLessThan(goalSeconds);
    expect(ran.progress.at(-1)).toContain(`${decisions} of ${decisions} requests (100 %)`);
    expect(ran.progress.length).toBeGreaterThan(2);
  });

  it.each(powerLevels)('says what %s would have cost', async (level) => {
    const ran = await replay('--as', level);
    report(`as ${level}`, ran);
    expect(ran.figures).toMatchObject({ decisions });
    expect(ran.figures.changed).toBeGreaterThan(decisions / 10);
    expect(ran.seconds).toBeLessThan(goalSeconds);
  });
});
