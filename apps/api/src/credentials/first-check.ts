import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import type { CredentialEntity } from '@signalbox/database';
import { LOGGER } from '@signalbox/domain/core';
import { CredentialCheckService } from '@signalbox/domain/credential-checks';

/** As long as a person waits for "saved" without a thought; after it, the worker goes on. */
const waitMs = 5_000;

/** Asks the provider about a key that was just saved, so that the answer already says whether it is good. */
@Injectable()
export class FirstCheck {
  constructor(
    private readonly checks: CredentialCheckService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Never fails: the key is saved, whatever becomes of the check. */
  async of(saved: CredentialEntity): Promise<CredentialEntity> {
    if (saved.state !== 'pending') return saved;
    try {
      return (await this.checks.checkNow(saved.id, waitMs)).credential;
    } catch (error) {
      this.logger.warn('a first check is left to the worker', { credential_id: saved.id, error });
      return saved;
    }
  }
}
