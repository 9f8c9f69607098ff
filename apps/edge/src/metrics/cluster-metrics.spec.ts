import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { ClusterMetrics, type MetricsReporter } from './cluster-metrics';

/** A process with a counter, a histogram and gauges, which answers when asked. */
class Reporter implements MetricsReporter {
  private readonly registry = new Registry();
  private readonly counter = new Counter({ name: 'requests_total', help: 'x', registers: [this.registry] });
  private readonly histogram = new Histogram({
    name: 'seconds',
    help: 'x',
    buckets: [1],
    registers: [this.registry],
  });
  readonly memory = new Gauge({ name: 'memory', help: 'x', registers: [this.registry] });
  readonly up = new Gauge({ name: 'up', help: 'x', aggregator: 'min', registers: [this.registry] });
  isBusy = false;

  constructor(readonly pid: number) {}

  count(times: number): void {
    this.counter.inc(times);
    for (let index = 0; index < times; index += 1) this.histogram.observe(0.5);
  }

  async askMetrics() {
    // As it comes out of the channel between processes: a copy.
    return this.isBusy ? null : structuredClone(await this.registry.getMetricsAsJSON());
  }
}

let living: Reporter[];
let metrics: ClusterMetrics;
beforeEach(() => {
  living = [new Reporter(1), new Reporter(2)];
  metrics = new ClusterMetrics(() => living);
});

const valueOf = async (name: string): Promise<number> => {
  const line = (await metrics.text()).split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.split(' ')[1]);
};

async function end(reporter: Reporter, wasExpected = true): Promise<void> {
  const last = await reporter.askMetrics();
  if (last) metrics.note(reporter.pid, last);
  living = living.filter((one) => one !== reporter);
  metrics.workerEnded(reporter.pid, wasExpected);
}

it('adds the workers up', async () => {
  living[0]!.count(2);
  living[1]!.count(3);
  for (const reporter of living) reporter.memory.set(100);
  living[0]!.up.set(1);
  expect(await valueOf('requests_total')).toBe(5);
  expect(await valueOf('seconds_count')).toBe(5);
  expect(await valueOf('memory')).toBe(200);
  expect(await valueOf('up')).toBe(0);
  expect(await valueOf('signalbox_edge_workers')).toBe(2);
});

it('never counts backwards when workers are replaced, however often, and forgets what they measured', async () => {
  living[0]!.count(1);
  let total = 1;
  for (let pid = 3; pid < 33; pid += 1) {
    const fresh = new Reporter(pid);
    living.push(fresh);
    fresh.count(pid);
    fresh.memory.set(pid);
    total += pid;
    expect(await valueOf('requests_total')).toBe(total);
    await end(fresh);
    expect(await valueOf('requests_total')).toBe(total);
    expect(await valueOf('seconds_count')).toBe(total);
  }
  expect(await valueOf('memory')).toBe(0);
  expect(await valueOf('signalbox_edge_workers_replaced_total')).toBe(0);
});

it('shows at least what was shown before of a worker that was killed', async () => {
  living[0]!.count(4);
  expect(await valueOf('requests_total')).toBe(4);
  living[0]!.count(1);
  living[0]!.isBusy = true;
  await end(living[0]!, false);
  expect(await valueOf('requests_total')).toBe(4);
  expect(await valueOf('signalbox_edge_workers_replaced_total')).toBe(1);
});

it('shows what a busy worker said last', async () => {
  living[0]!.count(4);
  expect(await valueOf('requests_total')).toBe(4);
  living[0]!.isBusy = true;
  living[1]!.count(1);
  expect(await valueOf('requests_total')).toBe(5);
});
