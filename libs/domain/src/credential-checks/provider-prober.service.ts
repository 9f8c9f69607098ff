import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { ALLOWED_HOSTS, CLOCK } from '@signalbox/domain/core';
import {
  askLiveness,
  driverOf,
  livenessUrl,
  type ProbeResult,
  type ProbeTarget,
} from '@signalbox/domain/provider-drivers';
import { ProbePermitRepository } from './probe-permits.repository';

/** A probe of a key that need not be anybody's credential. */
export interface KindTarget extends Omit<ProbeTarget, 'allowedHosts'> {
  kind: string;
}

export interface Urgency {
  /** The share of the limit that may be used: whoever waits for an answer comes before the schedule. */
  readonly perMinute: number;
  /** The service token that asks for itself, which has a limit of its own; null: none. */
  readonly actorId: string | null;
}

export const bySchedule: Urgency = { perMinute: 24, actorId: null };
export const byRequest: Urgency = { perMinute: 30, actorId: null };
/** For keys that somebody merely tries out: they make us send requests to addresses of their choice. */
export const byToken = (actorId: string): Urgency => ({ perMinute: 30, actorId });

const windowMs = 60_000;
const atOnce = 2;
const perActorAndMinute = 20;
/** A probe of two requests that both time out, each tried twice, ends before this. */
const lostAfterMs = 40_000;

/** Asks providers, never more often than is decent: the limits hold for each host and over all processes. */
@Injectable()
export class ProviderProber {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly permits: ProbePermitRepository,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ALLOWED_HOSTS) private readonly allowedHosts: readonly string[],
  ) {}

  /**
   * @returns null when the host's limit is reached: ask later
   * @throws AppError when the token's own limit is reached
   */
  async ask(
    { kind, ...target }: KindTarget,
    urgency: Urgency,
    signal: AbortSignal,
  ): Promise<ProbeResult | null> {
    const driver = driverOf(kind);
    return this.withPermit(kind, driver.hostOf(target.baseUrl), urgency, () =>
      driver.probe({ ...target, allowedHosts: this.allowedHosts }, signal),
    );
  }

  /** Whether a server is there, asked with nobody's key. Under the same limits. */
  async askLiveness(
    { kind, ...target }: Omit<KindTarget, 'secret' | 'purpose'>,
    urgency: Urgency,
    signal: AbortSignal,
  ): Promise<ProbeResult | null> {
    const url = livenessUrl(kind, target.baseUrl);
    const host = url === null ? null : new URL(url).host;
    return this.withPermit(kind, host, urgency, () =>
      askLiveness(kind, { ...target, allowedHosts: this.allowedHosts }, signal),
    );
  }

  private async withPermit(
    kind: string,
    host: string | null,
    urgency: Urgency,
    probe: () => Promise<ProbeResult>,
  ): Promise<ProbeResult | null> {
    const permit = host === null ? undefined : await this.take(`${kind} ${host}`, urgency);
    if (permit === null) return null;
    try {
      return await probe();
    } finally {
      if (permit !== undefined) await this.release(permit);
    }
  }

  /** The schedule does this now and then. */
  async forgetOld(): Promise<void> {
    const before = new Date(this.clock.nowMs() - windowMs);
    await this.transactions.run('platform', (manager) => this.permits.deleteOld(manager, before));
  }

  private async take(host: string, { perMinute, actorId }: Urgency): Promise<string | null> {
    const now = this.clock.now();
    const windowStart = new Date(now.getTime() - windowMs);
    const lostBefore = new Date(now.getTime() - lostAfterMs);
    return this.transactions.run('platform', async (manager) => {
      if (actorId !== null) {
        const asked = await this.permits.countOfActor(manager, actorId, windowStart);
        if (asked >= perActorAndMinute) throw tooManyProbes();
      }
      const limits = { perWindow: perMinute, atOnce };
      return this.permits.take(manager, { host, actorId, now, windowStart, lostBefore, ...limits });
    });
  }

  /** Failing to say so costs the host a place for a moment, and must not cost the answer. */
  private async release(permit: string): Promise<void> {
    await this.transactions
      .run('platform', (manager) => this.permits.release(manager, permit, this.clock.now()))
      .catch(() => undefined);
  }
}

function tooManyProbes(): AppError {
  return new AppError(
    'probe_rate_limited',
    `A service token may test ${perActorAndMinute} keys a minute. Wait a moment, or save the keys: saved ones are checked by themselves.`,
    { retryAfterSeconds: 30 },
  );
}
