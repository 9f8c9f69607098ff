import { Inject, Injectable } from '@nestjs/common';
import { TenantTransactions } from '@signalbox/database';
import { REDIS } from '@signalbox/domain/core';
import type { Redis } from 'ioredis';

export type PartState = 'ok' | 'down';

export interface Readiness {
  /** degraded: the API works, but changes reach the edges later, by the worker. */
  status: 'ok' | 'degraded' | 'unavailable';
  checks: { database: PartState; redis: PartState };
}

const limitMs = 2_000;

async function stateOf(check: Promise<unknown>): Promise<PartState> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<PartState>((resolve) => {
    timer = setTimeout(() => resolve('down'), limitMs);
  });
  const state = check.then(
    (): PartState => 'ok',
    (): PartState => 'down',
  );
  return Promise.race([state, timeout]).finally(() => clearTimeout(timer));
}

@Injectable()
export class ReadinessProbe {
  constructor(
    private readonly transactions: TenantTransactions,
    @Inject(REDIS) private readonly redis: Redis,
  ) {}

  async check(): Promise<Readiness> {
    const [database, redis] = await Promise.all([
      stateOf(this.transactions.ping()),
      stateOf(this.redis.ping()),
    ]);
    if (database === 'down') return { status: 'unavailable', checks: { database, redis } };
    return { status: redis === 'down' ? 'degraded' : 'ok', checks: { database, redis } };
  }
}
