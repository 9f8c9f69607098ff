import cluster from 'node:cluster';
import { createLogger, type ProcessLogger } from '@signalbox/common';
import { type EdgeConfig, loadEdgeConfig } from '@signalbox/config';
import { type FromWorker, isMessage, type ToWorker } from './cluster-messages';
import { type CloseOptions, Edge } from './edge';
import type { Readiness } from './server/health';
import { isStartProblem } from './start-problem';

const readinessEveryMs = 100;
/** After the drain: the last usage events, and letting go of everything. */
const lettingGoMs = 3_500;
const usualDrain = { limitMs: 25_000 };

function send(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected && process.send) process.send(message, undefined, {}, () => resolve());
    else resolve();
  });
}

/** One process of the edge: told by the primary when to start, what to do and when to end. */
class WorkerProcess {
  private edge: Edge | null = null;
  private readiness: Readiness['status'] | null = null;
  private isEnding = false;
  private lastResort: NodeJS.Timeout | undefined;

  constructor(
    private readonly config: EdgeConfig,
    private readonly logger: ProcessLogger,
  ) {}

  async start({ index, count, warmUpMs, logLevel }: Extract<ToWorker, { kind: 'start' }>): Promise<void> {
    this.logger.setLevel(logLevel);
    this.edge = new Edge(this.config, this.logger, { workerIndex: index, workerCount: count });
    this.edge.metrics.watchProcess();
    const port = await this.edge.start({ warmUpMs });
    this.tellReadiness();
    setInterval(() => this.tellReadiness(), readinessEveryMs).unref();
    await send({ kind: 'started', port });
  }

  onMessage(message: ToWorker): void {
    if (message.kind === 'drain') void this.end('told by the primary', message);
    if (message.kind === 'log_level') this.logger.setLevel(message.level);
    if (message.kind === 'metrics') void this.tellMetrics();
  }

  async end(reason: string, options: CloseOptions & { limitMs: number }): Promise<void> {
    clearTimeout(this.lastResort);
    this.lastResort = setTimeout(() => process.exit(1), options.limitMs + lettingGoMs).unref();
    if (this.isEnding) return this.edge?.hurry(options.limitMs);
    this.isEnding = true;
    this.logger.info('stopping', { reason });
    try {
      await this.edge?.close(options);
      await this.tellMetrics();
      process.exit(0);
    } catch (error) {
      this.logger.error('stopping failed', { error });
      process.exit(1);
    }
  }

  private tellReadiness(): void {
    const status = this.edge?.readiness().status ?? 'not_ready';
    if (status === this.readiness) return;
    this.readiness = status;
    void send({ kind: 'readiness', status });
  }

  private async tellMetrics(): Promise<void> {
    if (this.edge) await send({ kind: 'metrics', snapshot: await this.edge.metrics.snapshot() });
  }
}

async function refuseStart(error: unknown): Promise<void> {
  const message = isStartProblem(error) ? error.message : String((error as Error).stack);
  await send({ kind: 'start_failed', message });
  process.exit(1);
}

/** What main.ts does in a process that the primary has forked. */
export function runWorker(): void {
  let config: EdgeConfig;
  try {
    config = loadEdgeConfig();
  } catch (error) {
    return void refuseStart(error);
  }
  const worker = new WorkerProcess(
    config,
    createLogger(config.logLevel, { process: 'edge', pid: process.pid }),
  );
  process.on('message', (message: unknown) => {
    if (!isMessage(message)) return;
    const known = message as ToWorker;
    if (known.kind === 'start') worker.start(known).catch(refuseStart);
    else worker.onMessage(known);
  });
  // Signals of a terminal reach the whole group; the primary decides what they mean. SIGTERM is meant for this process.
  process.on('SIGINT', () => undefined);
  process.on('SIGHUP', () => undefined);
  process.on('SIGTERM', () => void worker.end('SIGTERM', usualDrain));
  cluster.worker?.on('disconnect', () => {
    // Without it node:cluster ends the process here and now, in the middle of its answers.
    if (cluster.worker) cluster.worker.exitedAfterDisconnect = true;
    void worker.end('the primary is gone', usualDrain);
  });
}
