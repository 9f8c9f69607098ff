import { Injectable } from '@nestjs/common';
import {
  type CredentialVersionEntity,
  type MaintenanceRunEntity,
  type SecretStoreKind,
  TenantTransactions,
} from '@signalbox/database';
import { SecretStores } from '@signalbox/domain/secrets';
import { type SecretAddress, SecretStoreError, type SecretStoreFailure } from '@signalbox/secrets';
import type { EntityManager } from 'typeorm';
import type { MaintenanceTask } from '../maintenance-task';
import type { RunProgress } from '../run-progress';
import { StoredVersionRepository } from './stored-version.repository';

const pageSize = 50;
/** Older than this, a store's word is what it remembers of itself while it does not answer. */
const maxAgeMs = 60_000;
/** Of one secret, and no reason to stop with the others. */
const ownFailures: ReadonlySet<SecretStoreFailure> = new Set(['not_found', 'unreadable', 'invalid_value']);

interface Copied {
  readonly version: CredentialVersionEntity;
  /** null: in the new store. */
  readonly failure: string | null;
}

/**
 * Moves secrets to another store: read, write, read back and compare; then the row says where the secret is; then the old
 * copy goes. Ended between any two of these, the secret is where its row says, and the next run begins that secret anew;
 * a copy that is left over is swept (SecretSweepService).
 */
@Injectable()
export class MoveSecretsTask implements MaintenanceTask {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly versions: StoredVersionRepository,
    private readonly stores: SecretStores,
  ) {}

  count(manager: EntityManager, run: MaintenanceRunEntity): Promise<number> {
    return this.versions.countOutside(manager, targetOf(run));
  }

  async work(run: MaintenanceRunEntity, progress: RunProgress, signal: AbortSignal): Promise<void> {
    const to = targetOf(run);
    for (let after = run.cursor ?? ''; ;) {
      const page = await this.page(to, after);
      const last = page.at(-1);
      if (!last || signal.aborted) return;
      await this.checkStores(page, to);
      if (run.dryRun) await this.look(page, progress, signal);
      else await this.move(page, to, progress, signal);
      after = last.id;
    }
  }

  /** A store that is away still gives what it remembers: nothing to found a move upon. */
  private async checkStores(page: readonly CredentialVersionEntity[], to: SecretStoreKind): Promise<void> {
    const kinds = new Set([to, ...page.map(({ secretStore }) => secretStore)]);
    for (const kind of kinds) await this.stores.of(kind).check();
  }

  private page(to: SecretStoreKind, after: string): Promise<CredentialVersionEntity[]> {
    return this.transactions.run('platform', (manager) =>
      this.versions.pageOutside(manager, to, after, pageSize),
    );
  }

  private async look(
    page: readonly CredentialVersionEntity[],
    progress: RunProgress,
    signal: AbortSignal,
  ): Promise<void> {
    for (const version of page) {
      if (signal.aborted) return;
      const { failure } = await this.attempt(version, async () => void (await this.readFresh(version)));
      await this.note(version, failure, progress);
    }
  }

  /** All are written before the first is read back, so that Infisical is asked for its folder once and not for each. */
  private async move(
    page: readonly CredentialVersionEntity[],
    to: SecretStoreKind,
    progress: RunProgress,
    signal: AbortSignal,
  ): Promise<void> {
    const copied: Copied[] = [];
    for (const version of page) {
      if (signal.aborted) break;
      copied.push(await this.attempt(version, () => this.copy(version, to)));
    }
    if (to === 'infisical') this.stores.infisical?.hintChanged();
    for (const { version, failure } of copied) {
      if (failure !== null) await this.note(version, failure, progress);
      else await this.finish(version, to, progress);
    }
  }

  private async copy(version: CredentialVersionEntity, to: SecretStoreKind): Promise<void> {
    await this.stores.of(to).write(addressOf(version), await this.readFresh(version));
  }

  private async finish(
    version: CredentialVersionEntity,
    to: SecretStoreKind,
    progress: RunProgress,
  ): Promise<void> {
    const { failure } = await this.attempt(version, () => this.compare(version, to));
    if (failure !== null) return this.note(version, failure, progress);
    if (await this.switchRow(version, to, progress)) await this.drop(version, version.secretStore);
    else await this.dropUnlessUsed(version, to);
  }

  private async compare(version: CredentialVersionEntity, to: SecretStoreKind): Promise<void> {
    const [before, after] = [
      await this.readFresh(version),
      await this.readFresh({ ...version, secretStore: to }),
    ];
    if (before === after) return;
    throw new SecretStoreError('unreadable', 'What the new store gives back is not what was written.');
  }

  private switchRow(
    version: CredentialVersionEntity,
    to: SecretStoreKind,
    progress: RunProgress,
  ): Promise<boolean> {
    return this.transactions.run('platform', async (manager) => {
      const isSwitched = await this.versions.switchTo(manager, version, to);
      if (isSwitched) await progress.done(manager, version.id);
      else await progress.skipped(manager, version.id);
      return isSwitched;
    });
  }

  /** Nothing needs it any more, so a store that is away is no reason to stop: the sweep comes by later. */
  private async drop(version: CredentialVersionEntity, from: SecretStoreKind): Promise<void> {
    try {
      await this.stores.of(from).delete(addressOf(version));
    } catch (error) {
      if (!(error instanceof SecretStoreError)) throw error;
    }
  }

  /** The version was erased, or another process has moved it. */
  private async dropUnlessUsed(version: CredentialVersionEntity, to: SecretStoreKind): Promise<void> {
    const current = await this.transactions.run('platform', (manager) =>
      this.versions.find(manager, version.id),
    );
    if (current?.secretStore === to && current.erasedAt === null) return;
    await this.drop(version, to);
  }

  private async readFresh(version: CredentialVersionEntity): Promise<string> {
    const { value, ageMs } = await this.stores.of(version.secretStore).read(addressOf(version));
    if (ageMs <= maxAgeMs) return value;
    throw new SecretStoreError('unavailable', 'The secret store does not answer.');
  }

  private async attempt(version: CredentialVersionEntity, work: () => Promise<void>): Promise<Copied> {
    try {
      await work();
      return { version, failure: null };
    } catch (error) {
      if (!(error instanceof SecretStoreError) || !ownFailures.has(error.reason)) throw error;
      return { version, failure: error.message };
    }
  }

  private async note(
    version: CredentialVersionEntity,
    failure: string | null,
    progress: RunProgress,
  ): Promise<void> {
    await this.transactions.run('platform', async (manager) => {
      if (failure === null) return progress.done(manager, version.id);
      const current = await this.versions.find(manager, version.id);
      const isOver = current?.secretStore !== version.secretStore || current.erasedAt !== null;
      if (isOver) return progress.skipped(manager, version.id);
      return progress.failed(manager, version.id, `${version.credentialId} ${version.id}`, failure);
    });
  }
}

function addressOf(version: CredentialVersionEntity): SecretAddress {
  return { organizationId: version.organizationId, area: 'credentials', name: version.secretName };
}

function targetOf(run: MaintenanceRunEntity): SecretStoreKind {
  return run.parameters['to'] === 'infisical' ? 'infisical' : 'sealed';
}
