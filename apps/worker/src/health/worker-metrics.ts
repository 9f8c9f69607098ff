import { Injectable } from '@nestjs/common';
import { healthGauge, ProviderHealthService, shownHealth } from '@signalbox/domain/provider-health';
import { Gauge, Registry } from 'prom-client';

/** What the worker knows and no edge does: how providers are, by calls of all edges and by checks. */
@Injectable()
export class WorkerMetrics {
  constructor(private readonly health: ProviderHealthService) {}

  async text(): Promise<string> {
    const registry = new Registry();
    const gauge = defineProviderHealth(registry);
    for (const health of await this.health.all()) {
      const value = healthGauge(shownHealth(health, Date.now()).state);
      if (value === null || !health.provider) continue;
      gauge.set({ provider: health.provider.kind, name: health.provider.name }, value);
    }
    return registry.metrics();
  }
}

function defineProviderHealth(registry: Registry): Gauge<'provider' | 'name'> {
  return new Gauge({
    name: 'llm_provider_health',
    help: '1 healthy, 0.5 degraded, 0 unhealthy; nothing of a provider of which nothing is known.',
    labelNames: ['provider', 'name'],
    registers: [registry],
  });
}
