import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { LOGGER } from '@signalbox/domain/core';
import { CredentialCheckService, CredentialExpiryService } from '@signalbox/domain/credential-checks';

@Injectable()
export class CredentialCheckProcessor {
  constructor(
    private readonly checks: CredentialCheckService,
    private readonly expiry: CredentialExpiryService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async checkDue(signal: AbortSignal): Promise<void> {
    const count = await this.checks.checkDue(signal);
    if (count > 0) this.logger.debug('provider keys were checked', { count });
  }

  async watchExpiry(signal: AbortSignal): Promise<void> {
    const { expired, noticed } = await this.expiry.run(signal);
    if (expired + noticed > 0) this.logger.info('provider keys end', { expired, noticed });
  }
}
