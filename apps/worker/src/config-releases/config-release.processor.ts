import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { systemCaller } from '@signalbox/domain/access';
import { RunnerReleaseService } from '@signalbox/domain/config-releases';
import { LOGGER } from '@signalbox/domain/core';
import { DriftCheckService } from '@signalbox/domain/drift';

@Injectable()
export class ConfigReleaseProcessor {
  constructor(
    private readonly releases: RunnerReleaseService,
    private readonly drift: DriftCheckService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async watch(): Promise<void> {
    const failed = await this.releases.failSilent(systemCaller('release_watchdog'));
    if (failed.length > 0) this.logger.warn('config releases were given up', { releases: failed });
  }

  async checkDrift(): Promise<void> {
    await this.drift.check();
  }
}
