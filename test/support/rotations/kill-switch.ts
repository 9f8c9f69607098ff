import type { SecretAddress, SecretStore, StoredSecret } from '@signalbox/secrets';
import { SecretStoreError } from '@signalbox/secrets';
import { type Tenant, TenantTransactions } from '@signalbox/database';
import type { EntityManager } from 'typeorm';

class Killed extends Error {}

/**
 * kill -9 of a process, between any two of its calls to something outside: from then on nothing that it still tries has
 * an effect, as its own error handling would not run either.
 */
export class KillSwitch {
  /** Calls since the last reset. */
  calls = 0;
  private killAt: number | null = null;
  private isDead = false;

  /** @param killAt before this call (counted from 1 on); null: never */
  reset(killAt: number | null): void {
    this.calls = 0;
    this.killAt = killAt;
    this.isDead = false;
  }

  get hasKilled(): boolean {
    return this.isDead;
  }

  /** Every call to something outside passes here, once before it and once after it. */
  pass(): void {
    if (this.isDead) throw new Killed('killed');
    this.calls += 1;
    if (this.calls !== this.killAt) return;
    this.isDead = true;
    throw new Killed('killed');
  }

  async around<Result>(work: () => Promise<Result>): Promise<Result> {
    this.pass();
    const result = await work();
    this.pass();
    return result;
  }
}

/** Each statement can be the last one; a transaction that is not committed by then is rolled back, as PostgreSQL does. */
export class KillableTransactions extends TenantTransactions {
  constructor(
    dataSource: ConstructorParameters<typeof TenantTransactions>[0],
    private readonly kill: KillSwitch,
  ) {
    super(dataSource);
  }

  override async run<Result>(
    tenant: Tenant,
    work: (manager: EntityManager) => Promise<Result>,
  ): Promise<Result> {
    return super.run(tenant, (manager) => {
      const runner = manager.queryRunner;
      if (!runner) throw new Error('there is no transaction');
      const query = runner.query.bind(runner) as (...parameters: unknown[]) => Promise<unknown>;
      const killable = (...parameters: unknown[]): Promise<unknown> => {
        if (parameters[0] === 'ROLLBACK') return query(...parameters);
        if (parameters[0] === 'COMMIT') return this.kill.around(() => query(...parameters));
        // After a statement is the same as before the next one.
        this.kill.pass();
        return query(...parameters);
      };
      Object.assign(runner, { query: killable });
      return work(manager);
    });
  }
}

/** A secret store in memory, which outlives the process that uses it. */
export class MemorySecretStore implements SecretStore {
  readonly kind = 'sealed';
  readonly values = new Map<string, string>();
  isAway = false;

  constructor(private readonly kill: KillSwitch) {}

  async read(address: SecretAddress): Promise<StoredSecret> {
    return this.call(() => {
      const value = this.values.get(address.name);
      if (value === undefined) throw new SecretStoreError('not_found', 'There is no such secret.');
      return { value, version: '1', ageMs: 0 };
    });
  }

  async write(address: SecretAddress, value: string): Promise<void> {
    await this.call(() => this.values.set(address.name, value));
  }

  async delete(address: SecretAddress): Promise<void> {
    await this.call(() => this.values.delete(address.name));
  }

  async list(): Promise<{ secrets: { name: string; version: string }[]; isComplete: boolean }> {
    const names = [...this.values.keys()];
    return Promise.resolve({ secrets: names.map((name) => ({ name, version: '1' })), isComplete: true });
  }

  async check(): Promise<void> {
    await this.call(() => undefined);
  }

  private call<Result>(work: () => Result): Promise<Result> {
    return this.kill.around(async () => {
      if (this.isAway) throw new SecretStoreError('unavailable', 'The secret store does not answer.', 1_000);
      return Promise.resolve(work());
    });
  }
}
