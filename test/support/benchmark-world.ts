import type { INestApplicationContext } from '@nestjs/common';
import { ManualClock, newId } from '@signalbox/common';
import type { BenchmarkResultEntity, BenchmarkRunEntity } from '@signalbox/database';
import { systemCaller } from '@signalbox/domain/access';
import { BenchmarkRunner, BenchmarkRunService, BenchmarkScheduleService } from '@signalbox/domain/benchmarks';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { StartBenchmark } from '../../libs/domain/src/benchmarks/runs/benchmark.types';
import { EdgeChatStandIn } from '../stand-ins/edge-chat.stand-in';
import { openBenchmarkContext } from './benchmark-context';
import { openTestDatabase, type TestDatabase } from './test-database';

/** A price of $1 and $2 for a million tokens. */
export const usualPrices = { input: 1_000_000, output: 2_000_000 };

export interface TestPrices {
  readonly input: number;
  readonly output: number;
}

function redisUrl(): string {
  const url = process.env['TEST_REDIS_URL'];
  if (url) return url;
  throw new Error('TEST_REDIS_URL is not set: run the tests by `npm test -- integration`');
}

/** The worker's benchmarks with real keys, over PostgreSQL and Redis, and a stand-in for port 4000. */
export class BenchmarkWorld {
  readonly operator = systemCaller('test');
  private worker: ChildProcess | null = null;
  private context!: INestApplicationContext;

  private constructor(
    readonly database: TestDatabase,
    readonly edge: EdgeChatStandIn,
    readonly clock: ManualClock,
  ) {}

  static async open({ timeoutMs = 5_000 } = {}): Promise<BenchmarkWorld> {
    const clock = new ManualClock(Date.UTC(2026, 10, 21, 3));
    const world = new BenchmarkWorld(await openTestDatabase(), await EdgeChatStandIn.start(), clock);
    const { appUrl: databaseUrl } = world.database;
    const { url: edgeUrl } = world.edge;
    world.context = await openBenchmarkContext({
      databaseUrl,
      redisUrl: redisUrl(),
      edgeUrl,
      clock,
      timeoutMs,
    });
    return world;
  }

  get service(): BenchmarkRunService {
    return this.context.get(BenchmarkRunService, { strict: false });
  }

  get runner(): BenchmarkRunner {
    return this.context.get(BenchmarkRunner, { strict: false });
  }

  get<Service>(token: abstract new (...args: never[]) => Service): Service {
    return this.context.get<Service>(token, { strict: false });
  }

  /** @param prices null: nobody knows them */
  async addModel(name: string, prices: TestPrices | null = usualPrices): Promise<void> {
    const [provider, model] = [newId('provider'), newId('model')];
    const facts = prices && {
      prices: { ...prices, cache_read: null, cache_write: null, request: null },
    };
    await this.query(`INSERT INTO providers (id, name, kind) VALUES ($1, $1, 'openai_compatible')`, [
      provider,
    ]);
    await this.query(`INSERT INTO models (id, name, mode) VALUES ($1, $2, 'chat')`, [model, name]);
    await this.query(
      'INSERT INTO deployments (id, model_id, provider_id, upstream_model, facts) VALUES ($1, $2, $3, $4, $5)',
      [newId('deployment'), model, provider, `upstream-of-${name}`, facts ?? {}],
    );
  }

  async start(models: string[], more: Partial<StartBenchmark> = {}): Promise<string> {
    // Ids of one moment have no order.
    this.clock.advanceMs(1_000);
    const usual = { suite: 'quick-1', samples: 1, capNanoUsd: 1_000_000_000, allowUnpriced: false };
    const { run } = await this.service.start(this.operator, { ...usual, models, ...more });
    return run.id;
  }

  /** As a worker does it, until nothing is left to do. */
  async advance(signal = new AbortController().signal): Promise<string> {
    return this.runner.advance(signal);
  }

  startDue(): Promise<void> {
    return this.get(BenchmarkScheduleService).startDue();
  }

  async run(id: string): Promise<BenchmarkRunEntity> {
    return (await this.service.get(this.operator, id)).run;
  }

  async results(id: string): Promise<BenchmarkResultEntity[]> {
    return (await this.service.listResults(this.operator, id, {}, 200)).data;
  }

  /** Another worker as a process of its own. */
  spawnWorker(): ChildProcess {
    const hook = join(__dirname, '../../scripts/testing/typescript-hook.cjs');
    const main = join(__dirname, 'benchmark-worker.child.ts');
    const args = ['-r', hook, main, this.database.appUrl, redisUrl(), this.edge.url];
    this.worker = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    return this.worker;
  }

  query<Row = Record<string, unknown>>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.database.transactions.run('platform', (manager) => manager.query<Row[]>(sql, parameters));
  }

  async close(): Promise<void> {
    this.worker?.kill('SIGKILL');
    await this.context.close();
    await this.edge.close();
    await this.database.close();
  }
}
