import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { LOGGER } from '@signalbox/domain/core';
import { MaintenanceRunner, resumableKinds, SecretSweepService } from '@signalbox/domain/maintenance';

@Injectable()
export class MaintenanceProcessor {
  constructor(
    private readonly runner: MaintenanceRunner,
    private readonly sweeper: SecretSweepService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    for (const kind of resumableKinds) await this.runner.resume(kind, signal);
  }

  async sweep(signal: AbortSignal): Promise<void> {
    this.logger.debug('secrets swept', { ...(await this.sweeper.sweep(signal)) });
  }
}
