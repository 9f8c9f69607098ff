import { Injectable } from '@nestjs/common';
import { SecretStores } from '@signalbox/domain/secrets';
import { SecretStoreError } from '@signalbox/secrets';

const limitMs = 2_000;

export interface SecretStoreReport {
  kind: 'sealed' | 'infisical';
  /** null: it cannot be used; then `problem` says why. */
  latencyMs: number | null;
  problem: string | null;
}

/** Asks the secret store whether it can be used, within a bounded time. */
@Injectable()
export class SecretStoreProbe {
  constructor(private readonly stores: SecretStores) {}

  async look(): Promise<SecretStoreReport> {
    const { kind } = this.stores.active;
    const startedAt = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new SecretStoreError('unavailable', 'The secret store did not answer in time.')),
        limitMs,
      );
    });
    try {
      await Promise.race([this.stores.active.check(), late]);
      return { kind, latencyMs: performance.now() - startedAt, problem: null };
    } catch (error) {
      const problem = error instanceof SecretStoreError ? error.message : 'The secret store failed.';
      return { kind, latencyMs: null, problem };
    } finally {
      clearTimeout(timer);
    }
  }
}
