import { Inject, Injectable } from '@nestjs/common';
import type { Clock, Logger } from '@signalbox/common';
import {
  type ProviderEntity,
  type ProviderHealthEntity,
  type ProviderHealthState,
  TenantTransactions,
} from '@signalbox/database';
import { type Caller, tenantOf } from '@signalbox/domain/access';
import { CLOCK, LOGGER } from '@signalbox/domain/core';
import { type NotificationType, OwnerNotifier } from '@signalbox/domain/notifications';
import type { ProbeResult } from '@signalbox/domain/provider-drivers';
import type { EntityManager } from 'typeorm';
import { EdgeTraffic } from './edge-traffic.service';
import {
  type HealthVerdict,
  isDown,
  judgeHealth,
  type ProbeFigures,
  type TrafficFigures,
} from './judge-health';
import { type KnownProvider, ProviderHealthRepository } from './provider-health.repository';
import { ProviderProbe } from './provider-probe.service';

/** So that providers that let us wait do not hold up the others. */
const lanes = 6;
/** The kind whose answers are canned. */
const demo = 'demo';
/** What a check said counts for so long. */
const probeLifeMs = 5 * 60_000;

/** How providers are: by what the edges saw, and by checks that cost nothing. */
@Injectable()
export class ProviderHealthService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: ProviderHealthRepository,
    private readonly traffic: EdgeTraffic,
    private readonly probe: ProviderProbe,
    private readonly notifier: OwnerNotifier,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Looks at every provider, and asks those that are due. @returns how many were asked */
  async refresh(stop: AbortSignal): Promise<number> {
    const { known, providerOf } = await this.transactions.run('platform', async (manager) => ({
      known: await this.repository.listKnown(manager),
      providerOf: await this.repository.providersOfDeployments(manager),
    }));
    const traffic = await this.traffic.read(providerOf);
    const waiting = known.values();
    let asked = 0;
    const lane = async (): Promise<void> => {
      for (const one of waiting) {
        if (stop.aborted) return;
        const result = this.probe.isDue(one) ? await this.probe.ask(one, stop) : null;
        if (result) asked += 1;
        await this.conclude(one, traffic.get(one.provider.id) ?? null, result);
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return asked;
  }

  async ofProviders(
    caller: Caller,
    providerIds: readonly string[],
  ): Promise<ReadonlyMap<string, ProviderHealthEntity>> {
    if (providerIds.length === 0) return new Map();
    const found = await this.transactions.run(tenantOf(caller), (manager) =>
      this.repository.find(manager, providerIds),
    );
    return new Map(found.map((health) => [health.providerId, health]));
  }

  /** For metrics. */
  async all(): Promise<ProviderHealthEntity[]> {
    return this.transactions.run('platform', (manager) => this.repository.listWithProviders(manager));
  }

  private async conclude(
    known: KnownProvider,
    traffic: TrafficFigures | null,
    result: ProbeResult | null,
  ): Promise<void> {
    const { provider } = known;
    await this.transactions.run('platform', async (manager) => {
      const health = await this.repository.findForUpdate(manager, provider.id);
      if (!health) return;
      const before = health.state;
      const now = this.clock.now();
      if (result) noteProbe(health, result, now);
      const probeWay = this.probe.wayOf(known);
      const { enabled: isEnabled } = provider;
      const probe = probeWay === 'none' ? null : this.lastProbe(health);
      const isDemo = provider.kind === demo;
      const verdict = judgeHealth({ isEnabled, probeWay, isDemo, traffic, probe });
      Object.assign(health, { probeWay, checkedAt: now, ...columnsOf(verdict, traffic) });
      if (before !== verdict.state || !health.since) health.since = now;
      await this.repository.save(manager, health);
      if (before !== verdict.state) await this.tell(manager, provider, before, health);
    });
  }

  private lastProbe({
    probeOutcome,
    probeDetail,
    probedAt,
    failedProbes,
  }: ProviderHealthEntity): ProbeFigures | null {
    if (!probeOutcome || !probedAt || this.clock.nowMs() - probedAt.getTime() > probeLifeMs) return null;
    const outcome = probeOutcome as ProbeFigures['outcome'];
    return { outcome, detail: probeDetail ?? '', failedInARow: failedProbes };
  }

  private async tell(
    manager: EntityManager,
    provider: ProviderEntity,
    before: ProviderHealthState,
    health: ProviderHealthEntity,
  ): Promise<void> {
    const { state, reason, detail, since } = health;
    const facts = { provider_id: provider.id, name: provider.name, provider: provider.kind, state, reason };
    this.logger[state === 'unhealthy' ? 'warn' : 'info']('the health of a provider changed', {
      ...facts,
      before,
    });
    const type = noticeOf(before, state);
    if (type === null) return;
    const data = { ...facts, previous_state: before, detail, since: since.toISOString() };
    await this.notifier.notify(manager, { organizationId: null, type, data });
  }
}

/** That something became known, or no longer is, is no news. */
function noticeOf(before: ProviderHealthState, after: ProviderHealthState): NotificationType | null {
  if (after === 'unhealthy') return 'provider.unhealthy';
  if (after === 'degraded') return 'provider.degraded';
  return after === 'healthy' && before !== 'unknown' ? 'provider.recovered' : null;
}

function noteProbe(health: ProviderHealthEntity, { outcome, detail }: ProbeResult, now: Date): void {
  health.probeOutcome = outcome;
  health.probeDetail = detail;
  health.probedAt = now;
  health.failedProbes = isDown(outcome) ? health.failedProbes + 1 : 0;
}

function columnsOf(
  { state, reason, source, detail }: HealthVerdict,
  traffic: TrafficFigures | null,
): Partial<ProviderHealthEntity> {
  const { firstByteMs = null, errorRate, calls } = traffic ?? {};
  return {
    state,
    reason,
    source,
    detail,
    latencyMs: firstByteMs === null ? null : Math.round(firstByteMs),
    errorRate: errorRate === undefined ? null : errorRate.toFixed(5),
    requests: calls === undefined ? null : Math.round(calls),
  };
}
