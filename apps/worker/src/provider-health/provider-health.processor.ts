import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { LOGGER } from '@signalbox/domain/core';
import { ProviderHealthService } from '@signalbox/domain/provider-health';

@Injectable()
export class ProviderHealthProcessor {
  constructor(
    private readonly health: ProviderHealthService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async refresh(signal: AbortSignal): Promise<void> {
    const asked = await this.health.refresh(signal);
    if (asked > 0) this.logger.debug('providers were asked how they are', { asked });
  }
}
