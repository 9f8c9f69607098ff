import { Client } from 'pg';
import type { E2eStack } from '../support/e2e-stack';
import { waitUntil } from '../support/wait-until';

const name = 'proof_gate';
const lockId = 7_349_211;

/**
 * Stops the first transaction that writes a row of a kind, before the write, for as long as the test likes: where TableLock would
 * stop the transactions before it too.
 */
export class UpdateGate {
  private constructor(
    private readonly stack: E2eStack,
    private readonly client: Client,
    private readonly table: string,
  ) {}

  /** @param when what is true of the row `NEW`, and of nothing before it */
  static async close(stack: E2eStack, table: string, when: string): Promise<UpdateGate> {
    const client = new Client({ connectionString: stack.facts.database_url });
    client.on('error', () => undefined);
    await client.connect();
    await client.query('SELECT pg_advisory_lock($1)', [lockId]);
    await client.query(
      `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN PERFORM pg_advisory_xact_lock(${lockId}); RETURN NEW; END $$`,
    );
    await client.query(
      `CREATE TRIGGER ${name} BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION ${name}()`,
    );
    return new UpdateGate(stack, client, table);
  }

  async waitForSomebody(deadlineMs: number): Promise<void> {
    const isThere = async (): Promise<boolean> => {
      const waiting = await this.stack.stores.query(
        `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted`,
        [lockId],
      );
      return waiting.length > 0;
    };
    await waitUntil(isThere, { deadlineMs, what: `a write to ${this.table}`, pollEveryMs: 10 });
  }

  /** Whoever waited goes on, unless it is dead: then PostgreSQL takes its transaction back. */
  async open(): Promise<void> {
    await this.client.query('SELECT pg_advisory_unlock($1)', [lockId]);
    await this.client.query(`DROP TRIGGER ${name} ON ${this.table}`);
    await this.client.query(`DROP FUNCTION ${name}()`);
    await this.client.end();
  }
}
