import { AppError } from '@signalbox/common';
import type { DataSource, EntityManager } from 'typeorm';
import { tryAdvisoryLock, withAdvisoryLock } from './advisory-lock';
import { isConnectionFailure } from './database-errors';
import { type Tenant, tenantSetting } from './tenant';

/** The only way to the tables: each piece of work runs in one transaction, on behalf of one tenant. */
export class TenantTransactions {
  constructor(private readonly dataSource: DataSource) {}

  /** No network call belongs inside `work`: it would hold locks for as long as somebody else is slow. */
  async run<Result>(tenant: Tenant, work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    try {
      return await this.dataSource.transaction(async (manager) => {
        await manager.query(`SELECT set_config('signalbox.tenant', $1, true)`, [tenantSetting(tenant)]);
        return work(manager);
      });
    } catch (error) {
      if (!isConnectionFailure(error)) throw error;
      throw new AppError('database_unavailable', 'Try again in a few seconds.', {
        cause: error,
        retryAfterSeconds: 5,
      });
    }
  }

  /** For work of several transactions that no two processes may do at the same time; see advisory-lock.ts. */
  async exclusively<Result>(lockKey: number, work: () => Promise<Result>): Promise<Result> {
    return withAdvisoryLock(this.dataSource, lockKey, work);
  }

  /** The same for work that may be left to whoever does it already. @returns null then */
  async exclusivelyOrNot<Result>(lockKey: number, work: () => Promise<Result>): Promise<Result | null> {
    return tryAdvisoryLock(this.dataSource, lockKey, work);
  }

  /** Throws unless PostgreSQL answers. */
  async ping(): Promise<void> {
    await this.dataSource.query('SELECT 1');
  }
}
