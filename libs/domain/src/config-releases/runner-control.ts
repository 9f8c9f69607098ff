import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { LOGGER, RUNNER_ACCESS, type RunnerAccess } from '@signalbox/domain/core';

const limitMs = 1_000;

/** Hints to the runner. It also asks by itself, so a hint that gets lost costs seconds and nothing else. */
@Injectable()
export class RunnerControl {
  constructor(
    @Inject(RUNNER_ACCESS) private readonly runner: RunnerAccess | null,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Never throws. */
  async wake(): Promise<void> {
    if (!this.runner) return;
    try {
      const response = await fetch(new URL('/wake', this.runner.url), {
        method: 'POST',
        headers: { authorization: `Bearer ${this.runner.internalToken}` },
        signal: AbortSignal.timeout(limitMs),
      });
      await response.body?.cancel();
      if (!response.ok) this.logger.warn('the runner refused to be woken', { status: response.status });
    } catch (error) {
      this.logger.info('the runner could not be woken', { reason: String(error) });
    }
  }
}
