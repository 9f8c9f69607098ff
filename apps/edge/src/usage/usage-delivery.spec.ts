import { createLogger, type LogFields } from '@signalbox/common';
import { MemorySource } from './memory-source';
import { UsageDelivery } from './usage-delivery';
import type { UsageStream } from './usage-stream';
import { waitUntil } from '../../../../test/support/wait-until';

/** A Redis that is connected and answers as the test says. */
class FakeStream {
  answers: (Error | null)[] = [];
  added: string[][] = [];
  isConnected = true;
  private ready: () => void = () => undefined;

  isReady(): boolean {
    return this.isConnected;
  }

  onReady(listener: () => void): void {
    this.ready = listener;
  }

  connect(): void {
    this.isConnected = true;
    this.ready();
  }

  add(lines: readonly string[]): Promise<void> {
    const answer = this.answers.shift() ?? null;
    if (answer) return Promise.reject(answer);
    this.added.push([...lines]);
    return Promise.resolve();
  }
}

function open(): { stream: FakeStream; source: MemorySource; delivery: UsageDelivery; logs: LogFields[] } {
  const [stream, source] = [new FakeStream(), new MemorySource()];
  const logs: LogFields[] = [];
  const delivery = new UsageDelivery({
    stream: stream as unknown as UsageStream,
    nextSource: () => Promise.resolve(source.waiting > 0 ? source : null),
    giveUp: () => undefined,
    onDelivered: () => undefined,
    logger: createLogger('debug', {}, (line) => logs.push(JSON.parse(line) as LogFields)),
  });
  return { stream, source, delivery, logs };
}

const lines = (count: number): string[] => Array.from({ length: count }, (_, index) => `{"n":${index}}`);

describe('bringing events to Redis', () => {
  it.each([
    "OOM command not allowed when used memory > 'maxmemory'.",
    "READONLY You can't write against a read only replica.",
    'LOADING Valkey is loading the dataset in memory',
    'Command timed out',
  ])('keeps them while it says: %s', async (message) => {
    const { stream, source, delivery, logs } = open();
    stream.answers = [new Error(message), new Error(message)];
    source.add(lines(3));
    delivery.wake();
    await waitUntil(() => stream.added.length === 1, { deadlineMs: 5_000, what: 'the events' });
    expect(stream.added).toEqual([lines(3)]);
    expect(source.waiting).toBe(0);
    // Once for the whole outage, and once for its end.
    expect(logs.map((one) => one['level'])).toEqual(['warn', 'info']);
  });

  it('waits for the connection and goes on at once when it is there', async () => {
    const { stream, source, delivery } = open();
    stream.isConnected = false;
    source.add(lines(2));
    delivery.wake();
    await delivery.close(0);
    expect(stream.added).toEqual([]);
    const other = open();
    other.stream.isConnected = false;
    other.source.add(lines(2));
    other.delivery.wake();
    other.stream.connect();
    await waitUntil(() => other.stream.added.length === 1, { deadlineMs: 1_000, what: 'the events' });
  });

  it('takes a backlog in batches of 500', async () => {
    const { stream, source, delivery } = open();
    source.add(lines(1_200));
    delivery.wake();
    await waitUntil(() => source.waiting === 0, { deadlineMs: 5_000, what: 'the backlog' });
    expect(stream.added.map((batch) => batch.length)).toEqual([500, 500, 200]);
    expect(stream.added.flat()).toEqual(lines(1_200));
  });

  it('tries once more at the end, for no longer than it is given', async () => {
    const { stream, source, delivery } = open();
    source.add(lines(700));
    await delivery.close(5_000);
    expect(stream.added.flat()).toHaveLength(700);
    const stuck = open();
    stuck.stream.add = () => new Promise(() => undefined);
    stuck.source.add(lines(1));
    await stuck.delivery.close(20);
    expect(stuck.source.waiting).toBe(1);
  });
});
