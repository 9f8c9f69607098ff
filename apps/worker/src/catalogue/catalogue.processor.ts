import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { CatalogueSyncRunner } from '@signalbox/domain/catalogue';
import { LOGGER } from '@signalbox/domain/core';

@Injectable()
export class CatalogueProcessor {
  constructor(
    private readonly runner: CatalogueSyncRunner,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async sync(signal: AbortSignal): Promise<void> {
    const outcome = await this.runner.advance(signal);
    if (outcome === 'completed' || outcome === 'failed')
      this.logger.info('sync of the catalogue', { outcome });
  }
}
