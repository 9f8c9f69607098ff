import { Client } from 'pg';
import type { E2eStack } from '../support/e2e-stack';
import { waitUntil } from '../support/wait-until';

/**
 * Holds a table of Signalbox, so that whoever wants to write there stands still at exactly that line of its work, in
 * the middle of its transaction, for as long as the test likes.
 */
export class TableLock {
  private constructor(
    private readonly client: Client,
    private readonly stack: E2eStack,
    private readonly table: string,
  ) {}

  static async hold(stack: E2eStack, table: string): Promise<TableLock> {
    const client = new Client({ connectionString: stack.facts.database_url });
    client.on('error', () => undefined);
    await client.connect();
    await client.query('BEGIN');
    // EXCLUSIVE lets others read, and stops SELECT ... FOR UPDATE and every write.
    await client.query(`LOCK TABLE ${table} IN EXCLUSIVE MODE`);
    return new TableLock(client, stack, table);
  }

  /** Until so many transactions stand before the lock. */
  async waitForWaiting(count: number, deadlineMs = 20_000): Promise<void> {
    await waitUntil(async () => (await this.waitingCount()) >= count, {
      deadlineMs,
      what: `${count} transaction(s) that wait for ${this.table}`,
      pollEveryMs: 10,
    });
  }

  async release(): Promise<void> {
    await this.client.end();
  }

  private async waitingCount(): Promise<number> {
    const rows = await this.stack.stores.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM pg_locks WHERE NOT granted AND relation = $1::regclass',
      [this.table],
    );
    return rows[0]?.count ?? 0;
  }
}
