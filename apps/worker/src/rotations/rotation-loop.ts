import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { LOGGER } from '@signalbox/domain/core';
import { RotationRunner } from '@signalbox/domain/rotations';
import { Loop } from '../loops/loop';

const everyMs = 2_000;

/** Rotations go on while Redis is away: what they wait for is in PostgreSQL. */
@Injectable()
export class RotationLoop extends Loop {
  constructor(runner: RotationRunner, @Inject(LOGGER) logger: Logger) {
    super({ name: 'rotations', everyMs, logger, run: (signal) => runner.advanceDue(signal) });
  }
}
