import { Inject, Injectable } from '@nestjs/common';
import type { Clock, Logger } from '@signalbox/common';
import { CLOCK, LOGGER, REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import { mergePerformance, performanceKey, readPerformance } from '@signalbox/gateway';
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
    const edges = (await this.documents()).map((document) => readPerformance(document, nowMs));
    const merged = mergePerformance(edges, nowMs, (deploymentId) => providerOf.get(deploymentId));
    const figures = new Map<string, TrafficFigures>();
    for (const [providerId, { weight, errorRate, firstByteMs }] of merged)
      figures.set(providerId, { calls: weight, errorRate, firstByteMs });
    return figures;
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
