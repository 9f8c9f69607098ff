import { Inject, Injectable } from '@nestjs/common';
import type { Clock, Logger } from '@signalbox/common';
import { CLOCK, LOGGER, REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import { type CallSums, performanceKey, performanceOf, readPerformance } from '@signalbox/gateway';
import type { Redis } from 'ioredis';
import type { TrafficFigures } from './judge-health';

/** What the edges measured of each provider, all edges and deployments together. */
@Injectable()
export class EdgeTraffic {
  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(REDIS_PREFIX) private readonly prefix: string,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @param providerOf by the id of a deployment */
  async read(providerOf: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, TrafficFigures>> {
    const nowMs = this.clock.nowMs();
    const seen = new Map<string, CallSums[]>();
    for (const document of await this.documents()) {
      for (const [deploymentId, sums] of readPerformance(document, nowMs)) {
        const providerId = providerOf.get(deploymentId);
        if (providerId === undefined) continue;
        const known = seen.get(providerId);
        if (known) known.push(sums);
        else seen.set(providerId, [sums]);
      }
    }
    return new Map(
      [...seen].map(([providerId, sums]) => {
        const { weight, errorRate, firstByteMs } = performanceOf(sums, nowMs);
        return [providerId, { calls: weight, errorRate, firstByteMs }];
      }),
    );
  }

  /** Without Redis nobody knows of calls, and the checks alone speak. */
  private async documents(): Promise<string[]> {
    try {
      return await this.redis.hvals(performanceKey(this.prefix));
    } catch (error) {
      this.logger.warn('what the edges measured cannot be read; only checks say how providers are', {
        error,
      });
      return [];
    }
  }
}
