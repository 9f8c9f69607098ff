import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { LOGGER } from '@signalbox/domain/core';
import { ProjectionReconcileService } from '@signalbox/domain/projection';

@Injectable()
export class ProjectionProcessor {
  constructor(
    private readonly reconcile: ProjectionReconcileService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async run(): Promise<void> {
    const differences = await this.reconcile.reconcile();
    const { missing, different, extra } = differences;
    if (missing + different + extra > 0) this.logger.warn('the projection differed', { ...differences });
  }
}
