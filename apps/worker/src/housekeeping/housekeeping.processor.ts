import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { LOGGER } from '@signalbox/domain/core';
import { HousekeepingService } from '@signalbox/domain/housekeeping';

@Injectable()
export class HousekeepingProcessor {
  constructor(
    private readonly housekeeping: HousekeepingService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async run(): Promise<void> {
    this.logger.debug('swept', { ...(await this.housekeeping.sweep()) });
  }
}
