import { AggregatorRegistry, Counter, Gauge, Registry } from 'prom-client';
import type { MetricsSnapshot } from './prometheus-metrics';

const compactAbove = 8;

/** A process that reports its metrics. */
export interface MetricsReporter {
  readonly pid: number;
  /** Never rejects; null: it did not answer in time. */
  askMetrics(): Promise<MetricsSnapshot | null>;
}

/** Counts go on after the process that counted has ended; what it measured then (memory, open streams) does not. */
function countsOnly(snapshot: MetricsSnapshot): MetricsSnapshot {
  return snapshot.filter(({ type }) => String(type) === 'counter' || String(type) === 'histogram');
}

/**
 * The metrics of all workers as one. A sum that fell because a worker was replaced would look like a restart to Prometheus, and
 * every rate() would show a peak that never was: so the counts of workers that have ended are kept.
 */
export class ClusterMetrics {
  private readonly own = new Registry();
  private readonly latest = new Map<number, MetricsSnapshot>();
  private readonly replaced: Counter;
  private readonly workers: Gauge;
  private readonly ended: MetricsSnapshot[] = [];
  private isCompacting = false;

  constructor(private readonly reporters: () => readonly MetricsReporter[]) {
    const registers = [this.own];
    this.replaced = new Counter({
      name: 'signalbox_edge_workers_replaced_total',
      help: 'Workers that ended unexpectedly and were replaced',
      registers,
    });
    this.workers = new Gauge({
      name: 'signalbox_edge_workers',
      help: 'Worker processes, those that drain included',
      registers,
    });
  }

  /** Something a worker told without being asked, above all its last word. */
  note(pid: number, snapshot: MetricsSnapshot): void {
    this.latest.set(pid, snapshot);
  }

  workerEnded(pid: number, wasExpected: boolean): void {
    if (!wasExpected) this.replaced.inc();
    const last = this.latest.get(pid);
    this.latest.delete(pid);
    if (last) this.ended.push(countsOnly(last));
    if (this.ended.length > compactAbove) void this.compact();
  }

  async text(): Promise<string> {
    await Promise.all(this.reporters().map((reporter) => this.ask(reporter)));
    this.workers.set(this.reporters().length);
    const own = await this.own.getMetricsAsJSON();
    return AggregatorRegistry.aggregate([...this.ended, ...this.latest.values(), own]).metrics();
  }

  private async compact(): Promise<void> {
    if (this.isCompacting) return;
    this.isCompacting = true;
    const parts = [...this.ended];
    const sum = await AggregatorRegistry.aggregate(parts).getMetricsAsJSON();
    this.ended.splice(0, parts.length, sum);
    this.isCompacting = false;
  }

  /** Of a worker that is too busy to answer what it said last. */
  private async ask(reporter: MetricsReporter): Promise<void> {
    const snapshot = await reporter.askMetrics();
    const isThere = this.reporters().some(({ pid }) => pid === reporter.pid);
    if (snapshot && isThere) this.latest.set(reporter.pid, snapshot);
  }
}
