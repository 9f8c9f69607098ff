import { Inject, Injectable } from '@nestjs/common';
import type { Clock, Logger } from '@signalbox/common';
import { bySchedule, ProviderProber } from '@signalbox/domain/credential-checks';
import { CLOCK, LOGGER } from '@signalbox/domain/core';
import { CredentialVersions } from '@signalbox/domain/credentials';
import { driverOf, livenessUrl, type ProbeResult } from '@signalbox/domain/provider-drivers';
import type { ProbeWay } from './judge-health';
import type { KnownProvider } from './provider-health.repository';

/** A figure may be 5 minutes old. Rounds begin each minute, and may be late. */
const probeEveryMs = 3 * 60_000;
/** Of one that was not well. */
const probeAgainAfterMs = 50_000;
const probeLimitMs = 20_000;

/** Asks providers how they are, never with a customer's key, and never by a call that costs. */
@Injectable()
export class ProviderProbe {
  constructor(
    private readonly prober: ProviderProber,
    private readonly versions: CredentialVersions,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  wayOf({ provider, platformKey }: KnownProvider): ProbeWay {
    if (platformKey && driverOf(provider.kind).hostOf(this.addressOf({ provider, platformKey })) !== null) {
      return 'key';
    }
    return livenessUrl(provider.kind, provider.baseUrl) === null ? 'none' : 'liveness';
  }

  isDue(known: KnownProvider): boolean {
    if (!known.provider.enabled || this.wayOf(known) === 'none') return false;
    const { probedAt, state } = known.health ?? { probedAt: null, state: 'unknown' };
    if (probedAt === null) return true;
    const waitMs = state === 'healthy' ? probeEveryMs : probeAgainAfterMs;
    return this.clock.nowMs() - probedAt.getTime() >= waitMs;
  }

  /** @returns null: nobody was asked, since the limit for that host is reached or the key cannot be read */
  async ask(known: KnownProvider, stop: AbortSignal): Promise<ProbeResult | null> {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(probeLimitMs)]);
    try {
      const result = await this.send(known, signal);
      return stop.aborted ? null : result;
    } catch (error) {
      this.logger.warn('a provider could not be asked how it is', { provider_id: known.provider.id, error });
      return null;
    }
  }

  private async send(known: KnownProvider, signal: AbortSignal): Promise<ProbeResult | null> {
    const { provider, platformKey } = known;
    const target = { kind: provider.kind, baseUrl: this.addressOf(known), isTrustedUrl: true };
    if (platformKey === null || this.wayOf(known) !== 'key')
      return this.prober.askLiveness(target, bySchedule, signal);
    const secret = await this.versions.readSecret(platformKey.version);
    return this.prober.ask({ ...target, secret }, bySchedule, signal);
  }

  private addressOf({
    provider,
    platformKey,
  }: Pick<KnownProvider, 'provider' | 'platformKey'>): string | null {
    return platformKey?.credential.baseUrl ?? provider.baseUrl;
  }
}
