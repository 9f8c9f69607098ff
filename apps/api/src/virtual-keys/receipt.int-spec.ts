import { hashVirtualKeyValue } from '@signalbox/gateway';
import { JobProducer } from '@signalbox/jobs';
import { Redis } from 'ioredis';
import { type ApiApp, openApiApp, type TestResponse } from '../../../../test/support/api-app';
import { TcpProxy } from '../../../../test/support/tcp-proxy';
import { waitUntil } from '../../../../test/support/wait-until';
import type { KeyReceiptView, ShownKeyReceiptView } from './receipt.view';

interface Key {
  id: string;
  key: string;
  version: number;
  status: string;
  receipt: KeyReceiptView | null;
  receipt_problem: string | null;
}
interface Change {
  kind: string;
  id: string;
  document: { v: number };
}

jest.setTimeout(30_000);

let api: ApiApp;
let proxy: TcpProxy;
let redis: Redis;
let prefix: string;
let token: string;
let workspaceId: string;
const edges: FakeEdge[] = [];

/** Does what an edge does: lives, hears of changes, and writes that it applied those of keys. */
class FakeEdge {
  readonly subscriber = redis.duplicate();

  constructor(
    readonly id: string,
    private readonly doesAck: () => boolean = () => true,
  ) {
    edges.push(this);
  }

  async start(projection: object = { epoch: null, seq: 0, complete: false, keys: 0 }): Promise<this> {
    await this.subscriber.subscribe(`${prefix}:projection:changes`);
    this.subscriber.on('message', (_channel, text: string) => void this.apply(JSON.parse(text) as Change));
    const beat = { process: 'edge', id: this.id, pid: 1, started_at: new Date().toISOString(), projection };
    await redis.set(`${prefix}:heartbeat:edge:${this.id}`, JSON.stringify(beat));
    return this;
  }

  async stop(): Promise<void> {
    this.subscriber.disconnect();
    await redis.del(`${prefix}:heartbeat:edge:${this.id}`);
  }

  private async apply({ kind, id, document }: Change): Promise<void> {
    if (kind !== 'key' || !this.doesAck()) return;
    const ack = JSON.stringify({ v: document.v, at_ms: Date.now() });
    await redis.hset(`${prefix}:acks:${id}`, this.id, ack);
  }
}

beforeAll(async () => {
  proxy = await TcpProxy.start(process.env['TEST_REDIS_URL'] ?? '');
  api = await openApiApp({ config: { redisUrl: proxy.url } });
  jest.spyOn(api.get(JobProducer), 'add').mockResolvedValue(false);
  prefix = api.config.redisPrefix;
  redis = new Redis(process.env['TEST_REDIS_URL'] ?? '');
  token = await api.createToken();
  const organization = await post<{ id: string }>('organizations', { name: 'Acme' });
  const body = { organization_id: organization.body.id, name: 'main' };
  workspaceId = (await post<{ id: string }>('workspaces', body)).body.id;
});
afterEach(async () => {
  for (const edge of edges.splice(0)) await edge.stop();
});
afterAll(async () => {
  redis.disconnect();
  await api.close();
  await proxy.close();
});

const call = <Body = Key>(method: string, path: string, body?: object): Promise<TestResponse<Body>> =>
  api.call<Body>(method, `/api/v1/${path}`, { token, ...(body ? { body } : {}) });
const post = <Body = Key>(path: string, body?: object) => call<Body>('POST', path, body);
const newKey = async (): Promise<Key> => (await post('keys', { workspace_id: workspaceId })).body;
const laterReceipt = async (id: string): Promise<ShownKeyReceiptView> =>
  (await call<ShownKeyReceiptView>('GET', `keys/${id}/receipt`)).body;

describe('the receipt of a change of a virtual key', () => {
  it('names every edge and its delay, after each change that must be known at once', async () => {
    for (const id of ['edge-a', 'edge-b', 'edge-c']) await new FakeEdge(id).start();
    const key = await newKey();
    const changes: [string, string, object?][] = [
      ['PATCH', '', { blocked: true }],
      ['PATCH', '', { blocked: false }],
      ['POST', '/rotate', { overlap: '1h' }],
      ['POST', '/revoke'],
      ['DELETE', ''],
    ];
    for (const [index, [method, path, body]] of changes.entries()) {
      const version = index + 2;
      const { body: changed } = await call(method, `keys/${key.id}${path}`, body);
      expect(changed.receipt_problem).toBeNull();
      expect(changed.receipt).toMatchObject({ version, complete: true, waiting_for: [] });
      expect(changed.receipt?.edges.map(({ id }) => id)).toEqual(['edge-a', 'edge-b', 'edge-c']);
      for (const { delay_ms } of changed.receipt?.edges ?? []) {
        expect(delay_ms).toBeGreaterThanOrEqual(0);
        expect(delay_ms).toBeLessThan(5_000);
      }
      expect(await laterReceipt(key.id)).toEqual({ ...changed.receipt, problem: null });
    }
  });

  it('is not waited for where nothing must be known at once', async () => {
    await new FakeEdge('edge-silent', () => false).start();
    const key = await newKey();
    const startedMs = performance.now();
    const changed = await call('PATCH', `keys/${key.id}`, { rpm_limit: 5 });
    expect(changed.body).toMatchObject({ receipt: null, receipt_problem: null, version: 2 });
    expect(performance.now() - startedMs).toBeLessThan(240);
  });

  it('waits for an edge that says nothing for a quarter of a second, and tells later that it has', async () => {
    let doesAck = false;
    await new FakeEdge('edge-a').start();
    const slow = await new FakeEdge('edge-slow', () => doesAck).start();
    const key = await newKey();
    const startedMs = performance.now();
    const revoked = await post(`keys/${key.id}/revoke`);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(245);
    expect(revoked.body.receipt).toMatchObject({
      version: 2,
      complete: false,
      edges: [{ id: 'edge-a' }],
      waiting_for: ['edge-slow'],
    });
    doesAck = true;
    const document = JSON.stringify({ v: 2, at_ms: Date.now() });
    await redis.hset(`${prefix}:acks:${hashVirtualKeyValue(key.key)}`, slow.id, document);
    expect(await laterReceipt(key.id)).toMatchObject({ complete: true, waiting_for: [] });
  });

  it('counts each value of the key', async () => {
    const key = await newKey();
    const rotated = await post(`keys/${key.id}/rotate`, { overlap: '1h' });
    const half = await new FakeEdge('edge-half', () => false).start();
    const ack = (value: string) =>
      redis.hset(
        `${prefix}:acks:${hashVirtualKeyValue(value)}`,
        half.id,
        JSON.stringify({ v: 2, at_ms: Date.now() }),
      );
    await ack(key.key);
    expect(await laterReceipt(key.id)).toMatchObject({ complete: false, waiting_for: ['edge-half'] });
    await ack(rotated.body.key);
    expect(await laterReceipt(key.id)).toMatchObject({ complete: true, waiting_for: [] });
  });

  it('is not fooled by acknowledgements of older versions, of nonsense, or of edges that are gone', async () => {
    const key = await newKey();
    await new FakeEdge('edge-old', () => false).start();
    const acks = `${prefix}:acks:${hashVirtualKeyValue(key.key)}`;
    await redis.hset(acks, {
      'edge-old': JSON.stringify({ v: 1, at_ms: Date.now() }),
      'edge-gone': JSON.stringify({ v: 2, at_ms: Date.now() }),
    });
    expect((await post(`keys/${key.id}/revoke`)).body.receipt).toMatchObject({
      complete: false,
      edges: [],
      waiting_for: ['edge-old'],
    });
    await redis.hset(acks, 'edge-old', 'nonsense');
    expect(await laterReceipt(key.id)).toMatchObject({ complete: false, waiting_for: ['edge-old'] });
  });

  it('counts an edge that started later and has read everything, without a time', async () => {
    const key = await newKey();
    await post(`keys/${key.id}/revoke`);
    await redis.hset(`${prefix}:projection:meta`, 'epoch', 'e1');
    const seq = Number(await redis.hget(`${prefix}:projection:meta`, 'seq'));
    await new FakeEdge('edge-behind', () => false).start({ epoch: 'e1', seq: seq - 1, complete: true });
    await new FakeEdge('edge-new', () => false).start({ epoch: 'e1', seq, complete: true });
    expect(await laterReceipt(key.id)).toMatchObject({
      complete: false,
      edges: [{ id: 'edge-new', applied_at: null, delay_ms: null }],
      waiting_for: ['edge-behind'],
    });
  });

  it('is missing, with a reason, while Redis is away or hangs; the change is made all the same', async () => {
    await new FakeEdge('edge-a').start();
    const [severed, frozen] = [await newKey(), await newKey()];
    proxy.sever();
    const first = await post(`keys/${severed.id}/revoke`);
    expect(first).toMatchObject({ status: 200, body: { status: 'revoked', receipt: null } });
    expect(first.body.receipt_problem).toContain('Redis does not answer');
    expect(await laterReceipt(severed.id)).toMatchObject({ version: 2, complete: false, edges: [] });
    proxy.restore();
    await waitUntil(async () => (await laterReceipt(frozen.id)).problem === null, {
      deadlineMs: 10_000,
      what: 'the return of Redis',
    });
    proxy.freeze();
    const startedMs = performance.now();
    const second = await post(`keys/${frozen.id}/revoke`);
    expect(second).toMatchObject({ status: 200, body: { status: 'revoked', receipt: null } });
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    proxy.sever();
    proxy.restore();
  });

  it('of a key of another organization is not there', async () => {
    const key = await newKey();
    const other = await post<{ id: string }>('organizations', { name: 'Other' });
    const stranger = await api.createToken({ organizationId: other.body.id });
    const answer = await api.call<{ code: string }>('GET', `/api/v1/keys/${key.id}/receipt`, {
      token: stranger,
    });
    expect([answer.status, answer.body.code]).toEqual([404, 'virtual_key_not_found']);
  });
});
