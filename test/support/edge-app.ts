import { randomBytes } from 'node:crypto';
import { createLogger, type LogFields, newId } from '@signalbox/common';
import type { EdgeConfig } from '@signalbox/config';
import {
  generateVirtualKeyValue,
  hashVirtualKeyValue,
  type KeyDocument,
  projectionField,
  type ProjectionKind,
  unlimited,
} from '@signalbox/gateway';
import { Redis } from 'ioredis';
import { Edge, type EdgeOptions } from '../../apps/edge/src/edge';
import { LitellmStandIn } from '../stand-ins/litellm.stand-in';
import { RunnerStandIn } from '../stand-ins/runner.stand-in';
import { TcpProxy } from './tcp-proxy';
import { waitUntil } from './wait-until';

const internalToken = 'internal-token-of-tests';
export const signingKeys = [{ kid: 'test', key: Buffer.alloc(32, 3) }];

function testRedisUrl(): string {
  const url = process.env['TEST_REDIS_URL'];
  if (!url) throw new Error('TEST_REDIS_URL is not set: run the tests by `npm test -- integration`');
  return url;
}

/** Writes the projection as the worker does: document, sequence number and message in one step. */
export class ProjectionWriter {
  private version = 0;
  readonly epoch = randomBytes(4).toString('hex');

  constructor(
    readonly redis: Redis,
    readonly prefix: string,
  ) {}

  /** Declares the projection complete. */
  async complete(epoch = this.epoch): Promise<void> {
    await this.redis.hset(`${this.prefix}:projection:meta`, 'epoch', epoch);
    await this.redis.hincrby(`${this.prefix}:projection:meta`, 'seq', 1);
  }

  /** @param told false: the message is lost on its way */
  async write(kind: ProjectionKind, id: string, document: object, told = true): Promise<void> {
    this.version += 1;
    const versioned = { v: this.version, ...document };
    const meta = `${this.prefix}:projection:meta`;
    await this.redis.eval(
      `redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
       local seq = redis.call('HINCRBY', KEYS[2], 'seq', 1)
       local epoch = redis.call('HGET', KEYS[2], 'epoch') or 'none'
       if ARGV[3] ~= '' then redis.call('PUBLISH', ARGV[3], '{"epoch":"' .. epoch .. '","seq":' .. seq ..
         ',"kind":"' .. ARGV[4] .. '","id":"' .. ARGV[5] .. '","document":' .. ARGV[2] .. '}') end`,
      2,
      `${this.prefix}:projection`,
      meta,
      projectionField(kind, id),
      JSON.stringify(versioned),
      told ? `${this.prefix}:projection:changes` : '',
      kind,
      id,
    );
  }

  /** Tells the edges to read everything again. */
  async reload(): Promise<void> {
    const seq = await this.redis.hincrby(`${this.prefix}:projection:meta`, 'seq', 1);
    const message = { epoch: this.epoch, seq, kind: 'reload' };
    await this.redis.publish(`${this.prefix}:projection:changes`, JSON.stringify(message));
  }

  /** What FLUSHALL leaves of the projection. */
  async flush(): Promise<void> {
    await this.redis.del(`${this.prefix}:projection`, `${this.prefix}:projection:meta`);
  }
}

export interface TestKey {
  value: string;
  hash: string;
  document: Omit<KeyDocument, 'v'>;
}

export interface EdgeApp {
  url: string;
  edge: Edge;
  runner: RunnerStandIn;
  litellm: LitellmStandIn;
  projection: ProjectionWriter;
  redisProxy: TcpProxy;
  /** Lines of the log, parsed. */
  logs: LogFields[];
  /** A key in the projection; its workspace `ws_1` and organization `org_1` are there from the start. */
  createKey(change?: Partial<KeyDocument>): Promise<TestKey>;
  changeKey(key: TestKey, change: Partial<KeyDocument>, told?: boolean): Promise<void>;
  startLitellm(): Promise<LitellmStandIn>;
  /** Another edge over the same parts. It may not be ready yet. */
  startSecondEdge(change?: Partial<EdgeConfig>): Promise<{ url: string; edge: Edge }>;
  close(): Promise<void>;
}

export interface EdgeAppOptions extends EdgeOptions {
  config?: Partial<EdgeConfig>;
}

export function keyDocument(change: Partial<KeyDocument>): Omit<KeyDocument, 'v'> {
  return {
    key_id: newId('virtualKey'),
    organization_id: 'org_1',
    workspace_id: 'ws_1',
    key_alias: 'test',
    models: [],
    status: 'active',
    expires_at: null,
    ...unlimited,
    max_budget: null,
    budget_duration: null,
    user_id: null,
    service_id: null,
    ...change,
  };
}

export const organization = { id: 'org_1', blocked: false, deleted: false };
export const workspace = { id: 'ws_1', organization_id: 'org_1', models: [], blocked: false, deleted: false };

/** A whole edge on a random port, with stand-ins behind it and a Redis prefix of its own. Close it in afterAll. */
export async function openEdgeApp(options: EdgeAppOptions = {}): Promise<EdgeApp> {
  const prefix = `test-${randomBytes(6).toString('hex')}`;
  const redis = new Redis(testRedisUrl());
  const redisProxy = await TcpProxy.start(testRedisUrl());
  const projection = new ProjectionWriter(redis, prefix);
  await projection.write('organization', 'org_1', organization);
  await projection.write('workspace', 'ws_1', workspace);
  await projection.complete();
  const runner = await RunnerStandIn.start(internalToken);
  const started: LitellmStandIn[] = [];
  const startLitellm = async (): Promise<LitellmStandIn> => {
    const litellm = await LitellmStandIn.start(signingKeys);
    started.push(litellm);
    return litellm;
  };
  const litellm = await startLitellm();
  runner.activate(litellm);
  const logs: LogFields[] = [];
  const config: EdgeConfig = {
    logLevel: 'debug',
    exitWithParent: false,
    host: '127.0.0.1',
    port: 0,
    runnerUrl: runner.url,
    internalToken,
    egressPort: 0,
    metricsPort: 0,
    workers: 0,
    stateDir: null,
    stateKeys: null,
    offlineMs: 86_400_000,
    brokerUrl: 'http://127.0.0.1:1',
    fallbackToken: 'fallback-token-of-tests',
    openrouterUrl: 'http://127.0.0.1:1/api/v1',
    openrouterApiKey: null,
    corsOrigins: [],
    trustedProxies: [],
    allowedHosts: ['127.0.0.1'],
    contextSigningKeys: signingKeys,
    redisUrl: redisProxy.url,
    redisPrefix: prefix,
    ...options.config,
  };
  const logger = createLogger('debug', {}, (line) => logs.push(JSON.parse(line) as LogFields));
  const edges: Edge[] = [];
  const startEdge = async (change: Partial<EdgeConfig> = {}): Promise<{ url: string; edge: Edge }> => {
    const edge = new Edge({ ...config, ...change }, logger, options);
    edges.push(edge);
    return { edge, url: `http://127.0.0.1:${await edge.start()}` };
  };
  const { edge, url } = await startEdge();
  await waitUntil(async () => (await (await fetch(`${url}/health/readiness`)).text()).includes('"ready"'), {
    deadlineMs: 5_000,
    what: 'the edge to be ready',
  });
  return {
    url,
    edge,
    runner,
    litellm,
    projection,
    redisProxy,
    logs,
    startLitellm,
    startSecondEdge: startEdge,
    async createKey(change = {}) {
      const value = generateVirtualKeyValue();
      const key = { value, hash: hashVirtualKeyValue(value), document: keyDocument(change) };
      await projection.write('key', key.hash, key.document);
      return key;
    },
    changeKey: ({ hash, document }, change, told) =>
      projection.write('key', hash, { ...document, ...change }, told),
    async close() {
      await Promise.all(started.map((one) => one.kill()));
      await Promise.all(edges.map((one) => one.close()));
      await Promise.all([runner.close(), redisProxy.close(), projection.flush()]);
      redis.disconnect();
    },
  };
}
