import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { AttemptIntakeService } from '@signalbox/domain/attempts';
import { LOGGER } from '@signalbox/domain/core';
import { Loop } from '../loops/loop';

/** Short, since reading the stream waits by itself; it only spaces out tries while Redis or PostgreSQL is away. */
const everyMs = 200;

@Injectable()
export class AttemptLoop extends Loop {
  constructor(intake: AttemptIntakeService, @Inject(LOGGER) logger: Logger) {
    super({ name: 'attempts', everyMs, logger, run: (signal) => intake.takeIn(signal) });
  }
}
