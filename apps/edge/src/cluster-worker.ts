import type { Worker } from 'node:cluster';
import type { LogLevel } from '@signalbox/common';
import { type FromWorker, isMessage, type ToWorker } from './cluster-messages';
import type { MetricsReporter } from './metrics/cluster-metrics';
import type { MetricsSnapshot } from './metrics/prometheus-metrics';
import type { Readiness } from './server/health';

const metricsAnswerMs = 2_000;

export type WorkerState = 'starting' | 'serving' | 'draining' | 'ended';

export interface WorkerEvents {
  onMetrics(worker: ClusterWorker, snapshot: MetricsSnapshot): void;
  onEnded(worker: ClusterWorker, how: string): void;
}

/** One worker process, as the primary sees it. */
export class ClusterWorker implements MetricsReporter {
  readonly pid: number;
  readonly startedAt = new Date();
  private readonly startedAtMs = performance.now();
  state: WorkerState = 'starting';
  readiness: Readiness['status'] = 'not_ready';
  /** Why it could not start, in words for a person. */
  startProblem: string | null = null;
  private waiting: (() => void)[] = [];
  private metricsWaiting: ((snapshot: MetricsSnapshot | null) => void)[] = [];

  constructor(
    readonly index: number,
    private readonly worker: Worker,
    private readonly events: WorkerEvents,
  ) {
    this.pid = worker.process.pid ?? 0;
    worker.on('message', (message: unknown) => isMessage(message) && this.onMessage(message as FromWorker));
    worker.on('exit', (code, signal) => this.onExit(signal ?? `exit code ${code}`));
    // A message to a process that is just ending: its exit says the rest.
    worker.on('error', () => undefined);
  }

  get livedMs(): number {
    return performance.now() - this.startedAtMs;
  }

  start(count: number, warmUpMs: number, logLevel: LogLevel): void {
    this.send({ kind: 'start', index: this.index, count, warmUpMs, logLevel });
  }

  setLogLevel(level: LogLevel): void {
    this.send({ kind: 'log_level', level });
  }

  drain(options: { limitMs: number; lingerMs: number; isReplaced: boolean }): void {
    if (this.state === 'ended') return;
    this.state = 'draining';
    this.send({ kind: 'drain', ...options });
  }

  kill(): void {
    if (this.state !== 'ended') this.worker.process.kill('SIGKILL');
  }

  askMetrics(): Promise<MetricsSnapshot | null> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(null), metricsAnswerMs).unref();
      this.metricsWaiting.push((snapshot) => {
        clearTimeout(timer);
        resolve(snapshot);
      });
      this.send({ kind: 'metrics' });
    });
  }

  /** Waits until the condition holds, looked at whenever something changes. @returns whether it came to hold in time */
  until(condition: () => boolean, limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (result: boolean): void => {
        clearTimeout(timer);
        this.waiting = this.waiting.filter((one) => one !== look);
        resolve(result);
      };
      const look = (): void => {
        if (condition()) end(true);
      };
      const timer = setTimeout(() => end(false), limitMs);
      this.waiting.push(look);
      look();
    });
  }

  private onMessage(message: FromWorker): void {
    if (message.kind === 'metrics') {
      this.events.onMetrics(this, message.snapshot);
      for (const resolve of this.metricsWaiting.splice(0)) resolve(message.snapshot);
      return;
    }
    if (message.kind === 'started' && this.state === 'starting') this.state = 'serving';
    if (message.kind === 'readiness') this.readiness = message.status;
    if (message.kind === 'start_failed') this.startProblem = message.message;
    this.changed();
  }

  /** Its last words may still be on their way: the channel closes behind them. */
  private onExit(how: string): void {
    if (this.worker.isConnected()) this.worker.once('disconnect', () => this.onGone(how));
    else this.onGone(how);
  }

  private onGone(how: string): void {
    this.state = 'ended';
    for (const resolve of this.metricsWaiting.splice(0)) resolve(null);
    this.changed();
    this.events.onEnded(this, how);
  }

  private changed(): void {
    for (const look of this.waiting) look();
  }

  private send(message: ToWorker): void {
    if (this.worker.isConnected()) this.worker.send(message, () => undefined);
  }
}
