import type { Clock } from '@signalbox/common';
import type { CatalogueDocument, UsageAttempt, UsageEvent } from '@signalbox/gateway';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { EdgeMetrics } from './edge-metrics';
import { defineMetrics } from './metric-definitions';
import { ModelLabels, shortLabel } from './metric-labels';
import { type BreakerState, ProviderHealth } from './provider-health';
import { Series, Tally } from './series';

/** The values of one process, to be added to those of the others. */
export type MetricsSnapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** Asked whenever the metrics are read. */
export interface MetricSources {
  catalogue(): CatalogueDocument | null;
  isLitellmUp(): boolean;
  isRedisUp(): boolean;
  openAnswers(): { requests: number; streams: number };
}

/** What a request came to: its status, or why an answer that began well did not reach the client. */
function statusOf(event: UsageEvent): string {
  if (event.complete || event.status_code >= 400) return String(event.status_code);
  return event.client_gone ? 'client_gone' : 'cut';
}

/** In place of a power level, for what was spent to find one. */
const classification = 'classification';
const nanoUsdPerUsd = 1e9;

/** The metrics of one process. Each note costs a look into a map and an addition. */
export class PrometheusMetrics implements EdgeMetrics {
  private readonly registry = new Registry();
  private readonly metrics = defineMetrics(this.registry);
  private readonly models: ModelLabels;
  private readonly health: ProviderHealth;
  private readonly requests = new Series((values) => new Tally(this.metrics.requests.labels(...values)), 4);
  private readonly durations = new Series((values) => this.metrics.duration.labels(...values), 2);
  private readonly firstBytes = new Series((values) => this.metrics.firstByte.labels(...values), 2);
  private readonly tokens = new Series((values) => new Tally(this.metrics.tokens.labels(...values)), 3);
  private readonly costs = new Series((values) => new Tally(this.metrics.cost.labels(...values)), 3);
  private readonly fallbacks = new Series((values) => new Tally(this.metrics.fallbacks.labels(...values)), 3);
  private readonly attempts = new Series((values) => new Tally(this.metrics.attempts.labels(...values)), 3);
  private readonly refused = new Series((values) => new Tally(this.metrics.refused.labels(...values)), 1);
  private readonly tallies = [
    this.requests,
    this.tokens,
    this.costs,
    this.fallbacks,
    this.attempts,
    this.refused,
  ];
  private isLitellmUp: boolean | null = null;
  private isRedisUp: boolean | null = null;

  constructor(
    private readonly sources: MetricSources,
    clock: Clock,
    version: string,
  ) {
    const catalogue = (): CatalogueDocument | null => sources.catalogue();
    this.models = new ModelLabels(catalogue);
    this.health = new ProviderHealth(catalogue, clock);
    this.metrics.buildInfo.set({ version }, 1);
  }

  /** CPU, memory, event loop and garbage collection of the process; once, where it is one of its own. */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  requestEnded(event: UsageEvent): void {
    const provider = shortLabel(event.provider);
    const model = this.models.of(event.model_used ?? event.model_requested);
    const powerLevel = shortLabel(event.power_level);
    this.requests.of(provider, model, powerLevel, statusOf(event)).inc();
    for (const attempt of event.attempts) this.attemptEnded(attempt);
    if (event.route === null) return this.requestRefused(event.error_code ?? 'none');
    this.durations.of(provider, model).observe((event.ended_at_ms - event.started_at_ms) / 1_000);
    if (event.first_byte_at_ms !== null)
      this.firstBytes.of(provider, model).observe((event.first_byte_at_ms - event.started_at_ms) / 1_000);
    this.countTokens(event, provider, model);
    // What the provider itself says that it charges goes before what its prices give.
    const cost = event.provider_cost_nano_usd ?? event.cost_nano_usd;
    if (cost) this.costs.of(provider, model, powerLevel).inc(cost / nanoUsdPerUsd);
    if (event.fallback_reason !== null) this.countFallback(event, provider);
  }

  requestRefused(code: string): void {
    this.refused.of(shortLabel(code)).inc();
  }

  breakerChanged(name: string, state: BreakerState): void {
    this.health.breakerChanged(name, state);
  }

  limitsAreLocal(isLocal: boolean): void {
    this.metrics.limitsLocal.set(isLocal ? 1 : 0);
  }

  usageSpooled(waitingEvents: number): void {
    this.metrics.usageSpooled.set(waitingEvents);
  }

  usageLost(events: number): void {
    this.metrics.usageLost.inc(events);
  }

  litellmUp(isUp: boolean): void {
    this.isLitellmUp = isUp;
  }

  redisUp(isUp: boolean): void {
    this.isRedisUp = isUp;
  }

  projectionAgeSeconds(seconds: number): void {
    this.metrics.projectionAge.set(seconds);
  }

  text(): Promise<string> {
    this.readGauges();
    return this.registry.metrics();
  }

  snapshot(): Promise<MetricsSnapshot> {
    this.readGauges();
    return this.registry.getMetricsAsJSON();
  }

  private attemptEnded({ provider, route, failure, model, cost_nano_usd: cost }: UsageAttempt): void {
    const label = shortLabel(provider);
    if (cost) this.costs.of(label, this.models.of(model), classification).inc(cost / nanoUsdPerUsd);
    this.attempts.of(label, route, failure === null ? 'ok' : shortLabel(failure)).inc();
    if (failure === null) this.health.succeeded(label);
  }

  private countTokens(event: UsageEvent, provider: string, model: string): void {
    const add = (type: string, count: number): void => {
      if (count > 0) this.tokens.of(provider, model, type).inc(count);
    };
    add('prompt', event.prompt_tokens);
    add('completion', event.completion_tokens);
    add('cache_read', event.cache_read_tokens);
    add('cache_write', event.cache_write_tokens);
    add('reasoning', event.reasoning_tokens);
  }

  private countFallback({ attempts, fallback_reason }: UsageEvent, provider: string): void {
    this.fallbacks.of(shortLabel(attempts[0]?.provider), provider, shortLabel(fallback_reason)).inc();
  }

  /** What somebody has told counts; the rest is asked for. */
  private readGauges(): void {
    const { metrics, sources, health } = this;
    for (const series of this.tallies) for (const tally of series.all()) tally.tell();
    metrics.litellmUp.set((this.isLitellmUp ?? sources.isLitellmUp()) ? 1 : 0);
    metrics.redisUp.set((this.isRedisUp ?? sources.isRedisUp()) ? 1 : 0);
    const { requests, streams } = sources.openAnswers();
    metrics.openRequests.set(requests);
    metrics.openStreams.set(streams);
    const tripped = health.countTripped();
    metrics.breakers.set({ state: 'open' }, tripped.open);
    metrics.breakers.set({ state: 'half_open' }, tripped.half_open);
    for (const [provider, isWell] of health.read()) metrics.providerHealth.set({ provider }, isWell);
  }
}
