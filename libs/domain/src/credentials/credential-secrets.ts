import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Logger } from '@signalbox/common';
import type { CredentialVersionEntity } from '@signalbox/database';
import { LOGGER } from '@signalbox/domain/core';
import { asAppError } from '@signalbox/domain/secrets';
import { CredentialVersions, type StoredVersion, type VersionedCredential } from './credential-versions';

/** The secrets of a request that a person waits for: failures of the store as answers, and nothing left behind. */
@Injectable()
export class CredentialSecrets {
  constructor(
    private readonly versions: CredentialVersions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Stores the secret, then lets `write` make the rows of it. When they are not made, the secret is taken out again;
   * where that is not certain (the connection broke at the commit), it is left to the sweep, which knows.
   */
  async saveFirst<Result>(
    credential: VersionedCredential,
    secret: string,
    write: (version: CredentialVersionEntity) => Promise<Result>,
  ): Promise<Result> {
    const version = await this.prepare(credential, secret);
    try {
      return await write(version);
    } catch (error) {
      const isRolledBack = !(error instanceof AppError && error.code === 'database_unavailable');
      if (isRolledBack) await this.discard([version]);
      throw error;
    }
  }

  async read(version: StoredVersion): Promise<string> {
    try {
      return await this.versions.readSecret(version);
    } catch (error) {
      throw asAppError(error);
    }
  }

  /** Never throws: what stays in the store is retired or without a row, and swept later. */
  async discard(versions: readonly StoredVersion[]): Promise<void> {
    for (const version of versions) {
      try {
        await this.versions.erase(version);
      } catch (error) {
        this.logger.warn('a secret is left to be swept', { version_id: version.id, error });
      }
    }
  }

  private async prepare(credential: VersionedCredential, secret: string): Promise<CredentialVersionEntity> {
    try {
      return await this.versions.prepare(credential, 1, secret);
    } catch (error) {
      throw asAppError(error);
    }
  }
}
