import cluster from 'node:cluster';
import type { LogLevel, ProcessLogger } from '@signalbox/common';
import { restartDelayMs, steadyAfterMs } from './cluster-restart';
import { ClusterWorker } from './cluster-worker';
import { ClusterMetrics } from './metrics/cluster-metrics';

const times = {
  startMs: 60_000,
  /** A worker that takes the place of another listens once it can answer, or after this time. */
  warmUpMs: 5_000,
  /** So long a new worker may take until it serves; then the old one stays. */
  takeOverMs: 30_000,
  /** When all end: with what workers do after their drain. */
  stopMs: 29_000,
};

/** There is no hurry, for others serve the port: as long as an answer may take at all, and idle connections for a while. */
const drainOfReplaced = { limitMs: 15 * 60_000, lingerMs: 15_000, isReplaced: true };
/** Somebody waits for it, and kills after half a minute. */
const drainOfAll = { limitMs: 25_000, lingerMs: 500, isReplaced: false };

/** Nothing that trying again would change; the message is for a person. */
export class StartFailed extends Error {}

/**
 * Holds one worker per core on one port, replaces those that die, and one after another for new code. It serves no request
 * itself: it accepts connections and hands them round (node:cluster), so the port is open while workers come and go.
 */
export class ClusterPrimary {
  readonly metrics: ClusterMetrics;
  /** Those that drain included. */
  private readonly workers = new Set<ClusterWorker>();
  /** Who serves, by number. */
  private readonly slots = new Map<number, ClusterWorker>();
  private readonly quickDeaths = new Map<number, number>();
  private isStopping = false;
  private restarting: Promise<void> | null = null;

  constructor(
    private readonly count: number,
    private readonly logger: ProcessLogger,
  ) {
    this.metrics = new ClusterMetrics(() => [...this.workers]);
  }

  /** Resolves when all listen. One that cannot start ends the whole attempt: what stops it stops the others too. */
  async start(): Promise<void> {
    const workers = Array.from({ length: this.count }, (_, index) => this.fork(index, 0));
    const listening = await Promise.all(
      workers.map((worker) => worker.until(() => worker.state !== 'starting', times.startMs)),
    );
    const failed = workers.find(({ state }, index) => state === 'ended' || !listening[index]);
    if (failed) {
      this.isStopping = true;
      for (const worker of workers) worker.kill();
      throw new StartFailed(
        failed.startProblem ?? 'A worker of the edge could not start; its output says why.',
      );
    }
    for (const worker of workers) this.take(worker);
    this.logger.info('edge workers serve', { workers: workers.map(({ pid }) => pid) });
  }

  /** New processes, of the code that is on disk now, take over from the old ones. No request is lost. */
  restart(): void {
    if (this.isStopping || this.restarting)
      return this.logger.warn('the edge is restarting or ending already');
    this.logger.info('edge restarts', { workers: this.count });
    this.restarting = this.replaceAll().finally(() => {
      this.restarting = null;
    });
  }

  setLogLevel(level: LogLevel): void {
    this.logger.setLevel(level);
    for (const worker of this.workers) worker.setLogLevel(level);
  }

  describe(): object[] {
    return [...this.workers].map(({ index, pid, state, readiness, startedAt }) => ({
      index,
      pid,
      state,
      readiness,
      started_at: startedAt.toISOString(),
    }));
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    const workers = [...this.workers];
    for (const worker of workers) worker.drain(drainOfAll);
    await Promise.all(workers.map((worker) => worker.until(() => worker.state === 'ended', times.stopMs)));
    for (const worker of this.workers) worker.kill();
  }

  private fork(index: number, warmUpMs: number): ClusterWorker {
    const worker = new ClusterWorker(index, cluster.fork(), {
      onMetrics: ({ pid }, snapshot) => this.metrics.note(pid, snapshot),
      onEnded: (ended, how) => this.onEnded(ended, how),
    });
    this.workers.add(worker);
    worker.start(this.count, warmUpMs, this.logger.level());
    return worker;
  }

  private take(worker: ClusterWorker): void {
    this.slots.set(worker.index, worker);
    // It may have died in the moment in which it took over.
    if (worker.state === 'ended') this.replaceDead(worker, 'it ended as it took over');
  }

  private onEnded(worker: ClusterWorker, how: string): void {
    this.workers.delete(worker);
    const isOurs = this.slots.get(worker.index) === worker;
    const isExpected = this.isStopping || !isOurs;
    this.metrics.workerEnded(worker.pid, isExpected);
    if (!isExpected) this.replaceDead(worker, how);
  }

  private replaceDead(dead: ClusterWorker, how: string): void {
    const { index, pid, livedMs, startProblem } = dead;
    this.slots.delete(index);
    const deaths = livedMs > steadyAfterMs ? 0 : (this.quickDeaths.get(index) ?? 0);
    const delayMs = restartDelayMs(deaths);
    this.quickDeaths.set(index, deaths + 1);
    const problem = startProblem ?? undefined;
    this.logger.error('an edge worker ended; it is replaced', {
      worker: pid,
      how,
      problem,
      delay_ms: delayMs,
    });
    setTimeout(() => this.refill(index), delayMs);
  }

  /** A restart may have filled the place meanwhile. */
  private refill(index: number): void {
    if (this.isStopping || this.slots.has(index)) return;
    this.take(this.fork(index, this.slots.size > 0 ? times.warmUpMs : 0));
  }

  private async replaceAll(): Promise<void> {
    for (let index = 0; index < this.count; index += 1) {
      if (this.isStopping || !(await this.replace(index))) return;
    }
    this.logger.info('edge restarted');
  }

  private async replace(index: number): Promise<boolean> {
    const fresh = this.fork(index, times.warmUpMs);
    // One that is no worse than what it replaces will do: LiteLLM may be away just now.
    const mayTakeOver = (): boolean =>
      fresh.state === 'serving' &&
      (fresh.readiness !== 'not_ready' || this.slots.get(index)?.readiness === 'not_ready');
    await fresh.until(() => fresh.state === 'ended' || mayTakeOver(), times.takeOverMs);
    if (this.isStopping) return false;
    if (!mayTakeOver()) {
      const problem = fresh.startProblem ?? `it is ${fresh.state}, ${fresh.readiness}`;
      this.logger.error('the restart was given up; the old workers go on', { worker: fresh.pid, problem });
      fresh.kill();
      return false;
    }
    const old = this.slots.get(index);
    this.take(fresh);
    old?.drain(drainOfReplaced);
    return true;
  }
}
