import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, type Logger } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { CLOCK, LOGGER } from '@signalbox/domain/core';
import { CredentialVersions } from '@signalbox/domain/credentials';
import { SecretStores } from '@signalbox/domain/secrets';
import { type InfisicalSecretStore, SecretStoreError } from '@signalbox/secrets';
import { MaintenanceRunner } from '../maintenance-runner';
import { namedAtMs } from './secret-age';
import { SecretSweepRepository } from './secret-sweep.repository';

/** Longer than any save takes from the secret to its row. */
const orphanAgeMs = 3_600_000;
/** Whoever ended a version erases its secret right after. */
const endedAgeMs = 600_000;
const eraseAtOnce = 200;
/** More than these, and most of what is there: rather a database that is not the folder's own. */
const suspiciousCount = 20;

export interface SweptSecrets {
  readonly erased: number;
  readonly sealed: number;
  readonly infisical: number;
}

/** Takes secrets out of the stores that nothing needs: left by a save that failed, a move that was killed, an outage. */
@Injectable()
export class SecretSweepService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly rows: SecretSweepRepository,
    private readonly stores: SecretStores,
    private readonly versions: CredentialVersions,
    private readonly runner: MaintenanceRunner,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Not while secrets move: a copy that the row does not name yet is no orphan. @returns null then */
  async sweep(signal: AbortSignal): Promise<SweptSecrets | null> {
    return this.runner.alone('move_secrets', async () => {
      const erased = await this.eraseEnded(signal);
      const before = new Date(this.clock.nowMs() - orphanAgeMs);
      const sealed = await this.transactions.run('platform', (manager) =>
        this.rows.deleteUnneededRows(manager, before),
      );
      const infisical = this.stores.infisical ? await this.sweepInfisical(this.stores.infisical, signal) : 0;
      return { erased, sealed, infisical };
    });
  }

  private async eraseEnded(signal: AbortSignal): Promise<number> {
    const before = new Date(this.clock.nowMs() - endedAgeMs);
    const ended = await this.transactions.run('platform', (manager) =>
      this.rows.listToErase(manager, before, eraseAtOnce),
    );
    let erased = 0;
    for (const version of ended) {
      if (signal.aborted) break;
      if (await this.tried(() => this.versions.erase(version))) erased += 1;
    }
    return erased;
  }

  private async sweepInfisical(store: InfisicalSecretStore, signal: AbortSignal): Promise<number> {
    let deleted = 0;
    await this.tried(async () => {
      for (const organizationId of [null, ...(await store.organizations())]) {
        for (const name of await this.orphansOf(store, organizationId)) {
          if (signal.aborted) return;
          await store.delete({ organizationId, area: 'credentials', name });
          deleted += 1;
        }
      }
    });
    return deleted;
  }

  /** The listing first, the rows after it: what is saved in between has its row, or is too young. */
  private async orphansOf(store: InfisicalSecretStore, organizationId: string | null): Promise<string[]> {
    const { secrets, isComplete } = await store.list(organizationId, 'credentials');
    if (!isComplete || secrets.length === 0) return [];
    const needed = await this.transactions.run('platform', (manager) =>
      this.rows.neededNames(manager, 'infisical', organizationId),
    );
    const beforeMs = this.clock.nowMs() - orphanAgeMs;
    const orphans = secrets
      .map(({ name }) => name)
      .filter((name) => !needed.has(name) && (namedAtMs(name) ?? Infinity) < beforeMs);
    if (orphans.length <= suspiciousCount || orphans.length * 2 <= secrets.length) return orphans;
    this.logger.warn('most secrets of a folder are not ours: nothing is swept there', {
      organization_id: organizationId,
      unknown: orphans.length,
      all: secrets.length,
    });
    return [];
  }

  /** A store that is away is swept in another round. */
  private async tried(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      const isOutage = error instanceof SecretStoreError || error instanceof AppError;
      if (!isOutage) throw error;
      this.logger.debug('secrets are swept later', { reason: error.message });
      return false;
    }
  }
}
