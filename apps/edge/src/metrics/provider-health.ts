import type { Clock } from '@signalbox/common';
import type { CatalogueDocument } from '@signalbox/gateway';
import { shortLabel } from './metric-labels';

export type BreakerState = 'closed' | 'open' | 'half_open';

interface Tripped {
  state: Exclude<BreakerState, 'closed'>;
  provider: string | null;
  sinceMs: number;
}

/** The part in the middle of a breaker's name (breakers.ts: route/deployment/credential). */
function deploymentOf(breakerName: string): string {
  return breakerName.split('/')[1] ?? '';
}

/**
 * Whether a provider works at all. A breaker alone does not say so: it is of one deployment and one credential, and a tenant's
 * wrong key opens its own. So a provider is unwell while a breaker of it is not closed and no call to it has succeeded since.
 */
export class ProviderHealth {
  private readonly tripped = new Map<string, Tripped>();
  private readonly succeededAtMs = new Map<string, number>();

  constructor(
    private readonly readCatalogue: () => CatalogueDocument | null,
    private readonly clock: Clock,
  ) {}

  breakerChanged(name: string, state: BreakerState): void {
    if (state === 'closed') return void this.tripped.delete(name);
    const known = this.tripped.get(name);
    if (known) return void (known.state = state);
    this.tripped.set(name, { state, provider: this.providerOf(name), sinceMs: this.clock.nowMs() });
  }

  succeeded(provider: string): void {
    this.succeededAtMs.set(provider, this.clock.nowMs());
  }

  /** 1: works, 0: does not; of every provider that was called or whose breaker opened. */
  read(): Map<string, 0 | 1> {
    const health = new Map<string, 0 | 1>();
    for (const provider of this.succeededAtMs.keys()) health.set(provider, 1);
    for (const { provider, sinceMs } of this.tripped.values()) {
      if (provider && (this.succeededAtMs.get(provider) ?? -1) < sinceMs) health.set(provider, 0);
    }
    return health;
  }

  /** How many breakers are open, and how many are being probed. */
  countTripped(): { open: number; half_open: number } {
    const counts = { open: 0, half_open: 0 };
    for (const { state } of this.tripped.values()) counts[state] += 1;
    return counts;
  }

  private providerOf(breakerName: string): string | null {
    if (breakerName.startsWith('openrouter/')) return 'openrouter';
    const id = deploymentOf(breakerName);
    const deployments = this.readCatalogue()?.models.flatMap((model) => model.deployments) ?? [];
    const found = deployments.find((deployment) => deployment.id === id);
    return found ? shortLabel(found.provider_kind) : null;
  }
}
