import type { Clock, Logger } from '@signalbox/common';
import { InfisicalFailure } from './infisical-failure';

export interface BreakerLimits {
  readonly breakerThreshold: number;
  readonly breakerOpenMs: number;
  readonly breakerMaxOpenMs: number;
}

/** One call's leave to ask; it reports back how it went. */
export interface CallPass {
  answered(): void;
  failed(): void;
}

const probeRetryMs = 1_000;
/** No Retry-After is believed beyond this. */
const maxHoldMs = 600_000;

/**
 * Closed; open for a while after several calls in a row had no answer; then one call at a time may try (half open).
 * Retry-After of a 429 opens it too.
 */
export class CircuitBreaker {
  private failures = 0;
  private openings = 0;
  private openUntilMs = 0;
  private isProbing = false;

  constructor(
    private readonly limits: BreakerLimits,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** @throws InfisicalFailure while open */
  enter(): CallPass {
    const waitMs = this.openUntilMs - this.clock.nowMs();
    if (waitMs > 0) throw new InfisicalFailure('unavailable', waitMs);
    const isProbe = this.openings > 0;
    if (isProbe && this.isProbing) throw new InfisicalFailure('unavailable', probeRetryMs);
    this.isProbing = isProbe;
    return { answered: () => this.close(isProbe), failed: () => this.count(isProbe) };
  }

  /** Infisical said when it wants to be asked again. */
  holdFor(holdMs: number): void {
    const untilMs = this.clock.nowMs() + Math.min(holdMs, maxHoldMs);
    if (untilMs <= this.openUntilMs) return;
    this.openUntilMs = untilMs;
    this.logger.warn('infisical asked us to wait', { waitMs: Math.min(holdMs, maxHoldMs) });
  }

  private close(wasProbe: boolean): void {
    // A straggler's answer from before the outage says nothing about now.
    if (this.openings > 0 && !wasProbe) return;
    if (wasProbe) this.logger.info('infisical answers again');
    this.failures = 0;
    this.openings = 0;
    this.isProbing = false;
  }

  private count(wasProbe: boolean): void {
    if (wasProbe) this.isProbing = false;
    else if (this.openings > 0) return;
    this.failures += 1;
    if (wasProbe || this.failures >= this.limits.breakerThreshold) this.open();
  }

  private open(): void {
    const { breakerOpenMs, breakerMaxOpenMs } = this.limits;
    const openMs = Math.min(breakerOpenMs * 2 ** this.openings, breakerMaxOpenMs);
    if (this.openings === 0)
      this.logger.warn('infisical does not answer', { failures: this.failures, openMs });
    this.openings += 1;
    this.openUntilMs = Math.max(this.openUntilMs, this.clock.nowMs() + openMs);
  }
}
