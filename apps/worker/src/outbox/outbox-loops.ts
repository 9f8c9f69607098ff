import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { FactsService } from '@signalbox/domain/catalogue';
import { LOGGER } from '@signalbox/domain/core';
import { MirrorService } from '@signalbox/domain/mirror';
import { ProjectionService } from '@signalbox/domain/projection';
import { Loop } from '../loops/loop';

const everyMs = 1_000;
/** Also after an update with another table of qualities, and where a price of the catalogue was written by hand in SQL. */
const everyFactMs = 60_000;

/**
 * The outbox is looked at every second, whether or not a job says so: mirroring to LiteLLM goes on while Redis is away.
 */
@Injectable()
export class OutboxLoops {
  readonly loops: readonly Loop[];

  constructor(
    projection: ProjectionService,
    facts: FactsService,
    mirror: MirrorService,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.loops = [
      new Loop({ name: 'outbox.project', everyMs, logger, run: (signal) => projection.drainDue(signal) }),
      new Loop({ name: 'outbox.facts', everyMs, logger, run: (signal) => facts.drainDue(signal) }),
      new Loop({ name: 'facts.current', everyMs: everyFactMs, logger, run: () => facts.refresh() }),
      new Loop({ name: 'outbox.mirror', everyMs, logger, run: (signal) => mirror.drainDue(signal) }),
    ];
  }

  wake(): void {
    for (const loop of this.loops) loop.wake();
  }
}
