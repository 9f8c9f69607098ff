import { silentLogger } from '@signalbox/common';
import type { OutboxTopic } from '@signalbox/database';
import { openTestDatabase, type TestDatabase } from '../../../../test/support/test-database';
import { type DrainOptions, OutboxDrainer } from './outbox-drainer';
import { type OutboxItem, OutboxRepository } from './outbox.repository';

const topic: OutboxTopic = 'mirror.virtual_key';
const hour = 3_600;

jest.setTimeout(30_000);

describe('outbox', () => {
  let database: TestDatabase;
  const outbox = new OutboxRepository();

  beforeAll(async () => {
    database = await openTestDatabase();
  });
  beforeEach(() => query('DELETE FROM outbox_items'));
  afterAll(() => database.close());

  const query = <Result>(sql: string, parameters: unknown[] = []): Promise<Result> =>
    database.transactions.run('platform', (manager) => manager.query<Result>(sql, parameters));
  const add = (...subjects: string[]): Promise<void> =>
    database.transactions.run('platform', async (manager) => {
      for (const subject of subjects) await outbox.add(manager, [topic], subject, null);
    });
  const take = (limit = 10, leaseSeconds = hour): Promise<OutboxItem[]> =>
    database.transactions.run('platform', (manager) => outbox.take(manager, [topic], limit, leaseSeconds));
  const rows = (): Promise<Record<string, unknown>[]> =>
    query('SELECT *, next_attempt_at > now() AS waits FROM outbox_items ORDER BY subject_id');

  function drain(handle: DrainOptions['handle'], more: Partial<DrainOptions> = {}): Promise<number> {
    return new OutboxDrainer(database.transactions, outbox, silentLogger).drain({
      topics: [topic],
      concurrency: 3,
      leaseSeconds: hour,
      maxDelayMs: 60_000,
      signal: new AbortController().signal,
      handle,
      ...more,
    });
  }

  it('gives each item to one worker only, and again once the lease of a dead one has run out', async () => {
    await add('a', 'b', 'c', 'd');
    const taken = await Promise.all([take(2), take(2), take(2)]);
    expect(
      taken
        .flat()
        .map(({ subjectId }) => subjectId)
        .sort(),
    ).toEqual(['a', 'b', 'c', 'd']);
    expect(await take()).toEqual([]);
    await query(
      `UPDATE outbox_items SET next_attempt_at = now() - interval '1 second' WHERE subject_id = 'b'`,
    );
    expect(await take()).toMatchObject([{ subjectId: 'b', attempts: 2 }]);
  });

  it('is worked off completely by several at once, each item once', async () => {
    const subjects = Array.from({ length: 40 }, (_item, index) => `s${index}`);
    await add(...subjects);
    const handled: string[] = [];
    const handle = async ({ subjectId }: OutboxItem): Promise<null> => {
      handled.push(subjectId);
      return null;
    };
    const counts = await Promise.all([drain(handle), drain(handle), drain(handle)]);
    expect(counts.reduce((left, right) => left + right)).toBe(40);
    expect(handled.sort()).toEqual([...subjects].sort());
    expect(await rows()).toEqual([]);
  });

  it('keeps an item whose subject changed while it was worked on', async () => {
    await add('a');
    let changes = 0;
    const handled = await drain(async () => {
      if (changes++ === 0) await add('a');
      return null;
    });
    expect(handled).toBe(2);
    expect(changes).toBe(2);
    expect(await rows()).toEqual([]);
  });

  it('postpones what failed, with the reason but without secrets, and does not hold up the rest', async () => {
    await add('bad', 'good');
    await drain(async ({ subjectId }) => {
      if (subjectId === 'bad') throw new Error('refused sk-sb-0123456789abcdef');
      return null;
    });
    expect(await rows()).toMatchObject([
      { subject_id: 'bad', attempts: 1, waits: true, last_error: 'refused sk-[redacted]' },
    ]);
  });

  it('comes again at a time that the handler names', async () => {
    await add('a');
    const dueAt = new Date(Date.now() + hour * 1_000);
    await drain(async () => dueAt);
    expect(await rows()).toMatchObject([
      { next_attempt_at: dueAt, created_at: dueAt, attempts: 0, last_error: null },
    ]);
    await add('a');
    expect((await rows())[0]!['created_at']).not.toEqual(dueAt);
    expect(await take()).toMatchObject([{ subjectId: 'a', revision: 2 }]);
  });

  it('can be made due by a reconcile run, which leaves alone what is being retried', async () => {
    await add('retried', 'scheduled');
    await drain(async ({ subjectId }) => {
      if (subjectId === 'retried') throw new Error('no');
      return new Date(Date.now() + hour * 1_000);
    });
    const subjects = ['retried', 'scheduled', 'new', 'new'].map((subjectId) => ({
      subjectId,
      organizationId: 'org_1',
    }));
    await database.transactions.run('platform', (manager) => outbox.ensure(manager, topic, subjects));
    expect((await take()).map(({ subjectId }) => subjectId).sort()).toEqual(['new', 'scheduled']);
  });

  it('stops between items when it is told to', async () => {
    await add('a', 'b', 'c', 'd', 'e', 'f', 'g');
    const controller = new AbortController();
    const done = await drain(
      async () => {
        controller.abort();
        return null;
      },
      { signal: controller.signal },
    );
    expect(done).toBe(3);
    expect(await rows()).toHaveLength(4);
  });
});
