import { Inject, Injectable } from '@nestjs/common';
import { type Clock, type Logger, newId } from '@signalbox/common';
import { readProductVersion } from '@signalbox/config';
import { CLOCK, LOGGER, REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import type { Redis } from 'ioredis';
import { Loop } from '../loops/loop';

const everyMs = 2_000;
const ttlSeconds = 15;

/** Tells the rest of the system (GET /api/v1/status) that this process lives. */
@Injectable()
export class HeartbeatLoop extends Loop {
  constructor(
    @Inject(REDIS) redis: Redis,
    @Inject(REDIS_PREFIX) prefix: string,
    @Inject(CLOCK) clock: Clock,
    @Inject(LOGGER) logger: Logger,
  ) {
    const id = `worker-${process.pid}-${newId('request').slice(-6)}`;
    const beat = {
      process: 'worker',
      id,
      pid: process.pid,
      version: readProductVersion(),
      started_at: clock.now().toISOString(),
    };
    const run = async (): Promise<void> => {
      if (redis.status !== 'ready') return;
      const text = JSON.stringify({ ...beat, reported_at: clock.now().toISOString() });
      await redis.set(`${prefix}:heartbeat:worker:${id}`, text, 'EX', ttlSeconds);
    };
    super({ name: 'heartbeat', everyMs, logger, run });
  }
}
