import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { LOGGER } from '@signalbox/domain/core';
import { CredentialImportService } from '@signalbox/domain/credentials-import';

@Injectable()
export class CredentialImportProcessor {
  constructor(
    private readonly imports: CredentialImportService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async pull(signal: AbortSignal): Promise<void> {
    const { added, changed, disabled } = await this.imports.pull(signal);
    if (added + changed + disabled === 0) return;
    this.logger.info('keys kept by hand were taken in', { added, changed, disabled });
  }
}
