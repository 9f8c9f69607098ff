import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { LOGGER } from '@signalbox/domain/core';
import { MirrorReconcileService } from '@signalbox/domain/mirror';
import { isLitellmError } from '@signalbox/litellm-client';
import { Loop } from '../loops/loop';

const everyMs = 5_000;

/** Compares at once, and not only by schedule, when LiteLLM has lost its database. */
@Injectable()
export class MirrorWatchLoop extends Loop {
  constructor(reconcile: MirrorReconcileService, @Inject(LOGGER) logger: Logger) {
    const run = async (signal: AbortSignal): Promise<void> => {
      try {
        if (await reconcile.isNeeded()) await reconcile.run(signal);
      } catch (error) {
        // It will be looked at when it is back.
        if (!isLitellmError(error, 'unreachable')) throw error;
      }
    };
    super({ name: 'mirror.watch', everyMs, logger, run });
  }
}
