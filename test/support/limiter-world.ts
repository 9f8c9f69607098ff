import { randomBytes } from 'node:crypto';
import { createLogger, systemClock } from '@signalbox/common';
import { type RateLimits, unlimited } from '@signalbox/gateway';
import { Redis } from 'ioredis';
import type { Caller } from '../../apps/edge/src/keys/key-directory';
import { EdgeLimiter } from '../../apps/edge/src/limits/edge-limiter';
import type { Admission } from '../../apps/edge/src/limits/limiter';
import { type LimitsCall, ScriptRunner } from '../../apps/edge/src/limits/limits-call';
import { noMetrics } from '../../apps/edge/src/metrics/edge-metrics';
import { Refusal } from '../../apps/edge/src/request/refusal';
import { testRedisUrl } from './own-redis';
import { TcpProxy } from './tcp-proxy';
import { waitUntil } from './wait-until';

class WatchedScript extends ScriptRunner {
  calls = 0;
  private hold: Promise<void> | null = null;
  private letGo: () => void = () => undefined;

  override async run(call: LimitsCall): Promise<number[]> {
    this.calls += 1;
    const answer = await super.run(call);
    await this.hold;
    return answer;
  }

  holdAnswers(): () => void {
    this.hold = new Promise((resolve) => (this.letGo = resolve));
    return () => {
      this.hold = null;
      this.letGo();
    };
  }
}

export interface LimitedEdge {
  limiter: EdgeLimiter;
  script: WatchedScript;
  proxy: TcpProxy;
  localTold: boolean[];
}

export const deadline = { deadlineMs: 5_000, pollEveryMs: 5 };

/** Edges that count in one Redis, each by way of a proxy of its own. */
export class LimiterWorld {
  private readonly prefix = `limits-${randomBytes(4).toString('hex')}`;
  private readonly redis = new Redis(testRedisUrl());
  private readonly closers: (() => Promise<unknown>)[] = [];

  async startEdge(edgeId = 'edge-a', { leastEdges = 1, isReachable = true } = {}): Promise<LimitedEdge> {
    const { prefix } = this;
    const proxy = await TcpProxy.start(testRedisUrl());
    if (!isReachable) proxy.sever();
    const redis = new Redis(proxy.url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      commandTimeout: 1_000,
      maxRetriesPerRequest: 0,
      retryStrategy: () => 20,
    });
    redis.on('error', () => undefined);
    const script = new WatchedScript(redis);
    const localTold: boolean[] = [];
    const metrics = { ...noMetrics, limitsAreLocal: (isLocal: boolean) => void localTold.push(isLocal) };
    const logger = createLogger('error', {}, () => undefined);
    const clock = systemClock;
    const limiter = new EdgeLimiter({ redis, prefix, edgeId, leastEdges, metrics, clock, logger, script });
    limiter.start();
    await redis.connect().catch(() => undefined);
    if (isReachable) await waitUntil(() => !limiter.isLocal, { ...deadline, what: 'limits in Redis' });
    this.closers.push(async () => {
      await limiter.close();
      redis.disconnect();
      await proxy.close();
    });
    return { limiter, script, proxy, localTold };
  }

  /** As of edges that live. */
  async heartbeats(...ids: string[]): Promise<void> {
    await Promise.all(ids.map((id) => this.redis.set(`${this.prefix}:heartbeat:edge:${id}`, '{}')));
  }

  async close(): Promise<void> {
    await Promise.all(this.closers.map((close) => close()));
    this.redis.disconnect();
  }
}

export async function loseRedis({ proxy, limiter }: LimitedEdge): Promise<void> {
  proxy.sever();
  await waitUntil(() => limiter.isLocal, { ...deadline, what: 'the loss of Redis to be noticed' });
}

export async function findRedis({ proxy, limiter }: LimitedEdge): Promise<void> {
  proxy.restore();
  await waitUntil(() => !limiter.isLocal, { ...deadline, what: 'Redis to be found again' });
}

interface Who {
  key?: Partial<RateLimits>;
  service?: Partial<RateLimits>;
  workspace?: Partial<RateLimits>;
  organization?: Partial<RateLimits>;
}

export interface TestCaller {
  caller: Caller;
  service: { v: number; id: string; organization_id: string; name: string; deleted: boolean } & RateLimits;
}

export function callerWith({ key, service, workspace, organization }: Who): TestCaller {
  const common = { v: 1, organization_id: 'org_1', deleted: false, blocked: false };
  const caller = {
    keyHash: 'hash',
    key: { ...common, ...unlimited, key_id: 'key_1', ...key },
    workspace: { ...common, ...unlimited, id: 'ws_1', ...workspace },
    organization: { ...common, ...unlimited, id: 'org_1', ...organization },
  } as unknown as Caller;
  return { caller, service: { ...common, ...unlimited, id: 'srv_1', name: 'shop', ...service } };
}

let lastId = 0;
export function admit(
  edge: LimitedEdge,
  who: TestCaller,
  estimatedTokens = 10,
): Admission | Promise<Admission> {
  lastId += 1;
  return edge.limiter.admit({ requestId: `req_${lastId}`, ...who, estimatedTokens });
}

/** @returns the admission, or the refusal */
export async function tryToAdmit(
  edge: LimitedEdge,
  who: TestCaller,
  tokens?: number,
): Promise<Admission | Refusal> {
  try {
    return await admit(edge, who, tokens);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

export async function admitted(
  edge: LimitedEdge,
  who: TestCaller,
  count: number,
  tokens?: number,
): Promise<Admission[]> {
  const all = await Promise.all(Array.from({ length: count }, () => tryToAdmit(edge, who, tokens)));
  return all.filter((one): one is Admission => !(one instanceof Refusal));
}

export const remaining = (one: Admission | Refusal, kind: string): unknown =>
  (one instanceof Refusal ? one.details.headers : one.headers)?.[`x-ratelimit-remaining-${kind}`];
