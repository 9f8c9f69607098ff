import { AppError } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import type { TestDatabase } from './test-database';

/** A process that ends at its nth transaction: nothing of it or after it happens. */
export class DyingTransactions extends TenantTransactions {
  left: number;

  constructor(dataSource: TestDatabase['dataSource'], transactions: number) {
    super(dataSource);
    this.left = transactions;
  }

  override run: TenantTransactions['run'] = async (tenant, work) => {
    this.left -= 1;
    if (this.left < 0) throw new AppError('database_unavailable', 'killed');
    return super.run(tenant, work);
  };
}
