import { silentLogger } from '@signalbox/common';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import { openOwnRedis, type OwnRedis } from '../../../test/support/own-redis';
import { TcpProxy } from '../../../test/support/tcp-proxy';
import { waitUntil } from '../../../test/support/wait-until';
import { queueNames } from './job-definitions';
import { JobProducer } from './job-producer';

jest.setTimeout(30_000);

describe('the producer of jobs', () => {
  const prefix = `test-${randomBytes(6).toString('hex')}`;
  let own: OwnRedis;
  let proxy: TcpProxy;
  let redis: Redis;
  let producer: JobProducer;
  let queue: Queue;

  beforeAll(async () => {
    own = await openOwnRedis();
    proxy = await TcpProxy.start(own.url);
    redis = new Redis(proxy.url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      retryStrategy: () => 50,
    });
    redis.on('error', () => undefined);
    producer = new JobProducer(redis, prefix, silentLogger);
    queue = new Queue(queueNames.sync, { connection: own.redis, prefix });
  });
  beforeEach(async () => {
    await own.flush();
    await isReady();
  });
  afterAll(async () => {
    redis.disconnect();
    await proxy.close();
    await own.close();
  });

  const isReady = (): Promise<boolean> =>
    waitUntil(() => redis.status === 'ready', { deadlineMs: 10_000, what: 'the connection' });

  async function addTimed(): Promise<{ added: boolean; tookMs: number }> {
    const startedMs = performance.now();
    const added = await producer.add('outbox.drain', {});
    return { added, tookMs: performance.now() - startedMs };
  }

  it('keeps one waiting job of a name, however often it is asked for', async () => {
    await Promise.all(Array.from({ length: 20 }, () => producer.add('outbox.drain', {})));
    expect(await queue.getJobCountByTypes('waiting', 'delayed', 'active')).toBe(1);
  });

  it('refuses a payload that is not what the name promises', async () => {
    const wrong = { secret: 'sk-sb-0123456789' } as unknown as Record<string, never>;
    await expect(producer.add('outbox.drain', wrong)).rejects.toThrow();
    expect(await queue.getJobCountByTypes('waiting')).toBe(0);
  });

  it('says no at once while Redis is away, soon while it hangs, and works again afterwards', async () => {
    expect((await addTimed()).added).toBe(true);
    proxy.freeze();
    const hanging = await addTimed();
    expect(hanging.added).toBe(false);
    expect(hanging.tookMs).toBeLessThan(2_000);
    proxy.sever();
    await waitUntil(() => redis.status !== 'ready', { deadlineMs: 10_000, what: 'the loss of Redis' });
    const away = await addTimed();
    expect(away.added).toBe(false);
    expect(away.tookMs).toBeLessThan(250);
    proxy.restore();
    await isReady();
    await waitUntil(() => producer.add('outbox.drain', {}), {
      deadlineMs: 10_000,
      what: 'a job to be added',
    });
  });
});
