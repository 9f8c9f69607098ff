import { Inject, Injectable } from '@nestjs/common';
import { TenantTransactions } from '@signalbox/database';
import { REDIS } from '@signalbox/domain/core';
import type { Redis } from 'ioredis';

export interface WorkerReadiness {
  /** degraded: what needs the part that is down waits; the rest goes on. */
  status: 'ok' | 'degraded' | 'unavailable';
  checks: { database: 'ok' | 'down'; redis: 'ok' | 'down' };
}

const limitMs = 2_000;

@Injectable()
export class WorkerHealth {
  constructor(
    private readonly transactions: TenantTransactions,
    @Inject(REDIS) private readonly redis: Redis,
  ) {}

  async check(): Promise<WorkerReadiness> {
    const database = (await this.databaseAnswers()) ? 'ok' : 'down';
    const redis = this.redis.status === 'ready' ? 'ok' : 'down';
    if (database === 'down') return { status: 'unavailable', checks: { database, redis } };
    return { status: redis === 'down' ? 'degraded' : 'ok', checks: { database, redis } };
  }

  private async databaseAnswers(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), limitMs);
    });
    const answer = this.transactions
      .run('platform', (manager) => manager.query('SELECT 1'))
      .then(
        () => true,
        () => false,
      );
    return Promise.race([answer, late]).finally(() => clearTimeout(timer));
  }
}
