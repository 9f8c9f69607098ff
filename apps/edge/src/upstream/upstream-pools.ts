import type { Logger } from '@signalbox/common';
import { sturdyConnector } from '@signalbox/egress';
import { Pool } from 'undici';
import { type ActiveLitellm, identityOf } from './runner-state';

/** LiteLLM's uvicorn closes idle connections after 75 s; well before that we close them ourselves. */
const keepAliveMs = 30_000;
const connectTimeoutMs = 1_000;
/** SDKs wait 10 minutes by default, so there is no sense in waiting longer. */
const answerTimeoutMs = 600_000;
/** A provider's own headers can be many. */
const maxHeaderBytes = 64 * 1024;

/** One pool of connections per LiteLLM process. A pool that is no longer used ends when its last request has ended. */
export class UpstreamPools {
  private readonly pools = new Map<string, Pool>();

  constructor(private readonly logger: Logger) {}

  of(active: ActiveLitellm): Pool {
    const identity = identityOf(active);
    const existing = this.pools.get(identity);
    if (existing) return existing;
    const pool = new Pool(active.base_url, {
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      headersTimeout: answerTimeoutMs,
      bodyTimeout: answerTimeoutMs,
      maxHeaderSize: maxHeaderBytes,
      connect: sturdyConnector({ timeout: connectTimeoutMs }),
    });
    this.pools.set(identity, pool);
    return pool;
  }

  /** New requests go to `active` only; requests in flight elsewhere end as they would have. */
  retireOthers(active: ActiveLitellm | null): void {
    const kept = active && identityOf(active);
    for (const [identity, pool] of this.pools) {
      if (identity === kept) continue;
      this.pools.delete(identity);
      pool.close().catch((error: unknown) => this.logger.debug('closing a pool failed', { error }));
    }
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.destroy()));
    this.pools.clear();
  }
}
