import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, type LogFields } from '@signalbox/common';
import { parseUsageEvent, type UsageEvent, usageStreamKey } from '@signalbox/gateway';
import { Redis } from 'ioredis';
import { connectRedis, disconnectRedis } from '../../apps/edge/src/server/redis-connections';
import { StateLease } from '../../apps/edge/src/state/state-lease';
import { openUsageSpool, type UsageSpoolSettings } from '../../apps/edge/src/usage/open-usage-spool';
import type { UsageSpool } from '../../apps/edge/src/usage/usage-spool';
import { TcpProxy } from './tcp-proxy';
import { waitUntil } from './wait-until';

/** An event as an edge records it. */
export function usageEventOf(requestId: string): UsageEvent {
  return {
    v: 1,
    request_id: requestId,
    organization_id: 'org_1',
    workspace_id: 'ws_1',
    virtual_key_id: 'key_1',
    service_id: null,
    user_id: null,
    call_type: 'chat_completions',
    model_requested: 'demo',
    model_used: 'demo',
    upstream_model: 'demo-1',
    provider: 'openai',
    provider_id: 'prov_1',
    deployment_id: 'dep_1',
    credential_id: null,
    credential_owner: 'platform',
    route: 'litellm',
    fallback_reason: null,
    cross_vendor: false,
    attempts: [],
    status_code: 200,
    error_code: null,
    complete: true,
    client_gone: false,
    stream: false,
    prompt_tokens: 1,
    completion_tokens: 1,
    cache_read_tokens: 0,
    cache_write_tokens: 0,
    reasoning_tokens: 0,
    usage_source: 'provider',
    provider_cost_nano_usd: null,
    cost_nano_usd: null,
    prices: null,
    power_level: null,
    bytes_in: 10,
    bytes_out: 10,
    decision: null,
    edge_id: 'edge-1',
    started_at_ms: 1,
    first_byte_at_ms: 2,
    ended_at_ms: 3,
  };
}

export interface OpenSpool {
  spool: UsageSpool;
  lost: number;
  /** As the edge ends. */
  close(): Promise<void>;
}

/** Spools over one state directory and one Redis that can be taken away. */
export class UsageWorld {
  readonly dir = mkdtempSync(join(tmpdir(), 'signalbox-usage-'));
  readonly prefix = `test-${randomBytes(6).toString('hex')}`;
  readonly logs: LogFields[] = [];
  readonly logger = createLogger('debug', {}, (line) => this.logs.push(JSON.parse(line) as LogFields));
  private readonly open = new Set<OpenSpool>();
  private readonly read: string[] = [];
  private lastRead = '0-0';

  private constructor(
    readonly redis: Redis,
    readonly proxy: TcpProxy,
  ) {}

  static async start(): Promise<UsageWorld> {
    const url = process.env['TEST_REDIS_URL'];
    if (!url) throw new Error('TEST_REDIS_URL is not set: run the tests by `npm test -- integration`');
    return new UsageWorld(new Redis(url), await TcpProxy.start(url));
  }

  openSpool(
    id: string,
    settings: Partial<UsageSpoolSettings> = {},
    dir: string | null = this.dir,
  ): OpenSpool {
    const connections = connectRedis(this.proxy.url, this.logger);
    const lease = dir === null ? null : new StateLease(dir, id);
    const opened: OpenSpool = {
      lost: 0,
      spool: openUsageSpool({
        redis: connections.bulk,
        redisPrefix: this.prefix,
        lease,
        metrics: { usageSpooled: () => undefined, usageLost: (events) => (opened.lost += events) },
        logger: this.logger,
        ...settings,
      }),
      close: async () => {
        if (!this.open.delete(opened)) return;
        await opened.spool.close(1_000);
        await lease?.stop();
        disconnectRedis(connections);
      },
    };
    this.open.add(opened);
    opened.spool.start();
    return opened;
  }

  /** Request ids in the stream, in order, doubles too. What was read once is not read again: thousands of events, many looks. */
  async delivered(): Promise<string[]> {
    const entries = await this.redis.xrange(usageStreamKey(this.prefix), `(${this.lastRead}`, '+');
    for (const [id, fields] of entries) {
      const parsed = parseUsageEvent(fields[1]);
      if (!('event' in parsed)) throw new Error(parsed.problem);
      this.read.push(parsed.event.request_id);
      this.lastRead = id;
    }
    return [...this.read];
  }

  async files(): Promise<string[]> {
    const names = await readdir(join(this.dir, 'usage')).catch(() => []);
    return names.filter((name) => name.endsWith('.jsonl'));
  }

  async waitForDelivered(ids: Iterable<string>, deadlineMs = 10_000): Promise<string[]> {
    const wanted = [...ids];
    return waitUntil(
      async () => {
        const delivered = await this.delivered();
        const found = new Set(delivered);
        return wanted.every((id) => found.has(id)) && delivered;
      },
      { deadlineMs, what: `${wanted.length} events in the stream` },
    );
  }

  async waitForFiles(count: number): Promise<void> {
    await waitUntil(async () => (await this.files()).length === count, {
      deadlineMs: 5_000,
      what: `${count} files of the spool`,
    });
  }

  async closeSpools(): Promise<void> {
    await Promise.all([...this.open].map((one) => one.close()));
  }

  async close(): Promise<void> {
    await this.closeSpools();
    await this.redis.del(usageStreamKey(this.prefix));
    await this.proxy.close();
    this.redis.disconnect();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
