import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { LOGGER } from '@signalbox/domain/core';
import { UsageIntakeService } from '@signalbox/domain/usage';
import { Loop } from '../loops/loop';

/** Short, since reading the stream waits by itself; it only spaces out tries while Redis or PostgreSQL is away. */
const everyMs = 200;

@Injectable()
export class UsageLoop extends Loop {
  constructor(intake: UsageIntakeService, @Inject(LOGGER) logger: Logger) {
    super({ name: 'usage', everyMs, logger, run: (signal) => intake.takeIn(signal) });
  }
}
