import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Clock, silentLogger } from '@signalbox/common';
import { BenchmarksModule } from '@signalbox/domain/benchmarks';
import { CoreModule } from '@signalbox/domain/core';
import { randomBytes } from 'node:crypto';

export interface BenchmarkContextOptions {
  databaseUrl: string;
  redisUrl: string;
  edgeUrl: string;
  clock: Clock;
  /** Of each call. */
  timeoutMs?: number;
}

/** What a worker has of benchmarks, with real keys and a Redis prefix of its own. */
export function openBenchmarkContext(options: BenchmarkContextOptions): Promise<INestApplicationContext> {
  const { databaseUrl, redisUrl, edgeUrl, clock, timeoutMs } = options;
  const core = CoreModule.forRoot({
    applicationName: 'test',
    databaseUrl,
    redisUrl,
    redisPrefix: `test-${randomBytes(6).toString('hex')}`,
    encryptionKeys: [{ kid: 'test', key: Buffer.alloc(32, 5) }],
    logger: silentLogger,
    clock,
  });
  const benchmarks = BenchmarksModule.forRoot({ edgeUrl, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  class ContextModule {}
  Module({ imports: [core, benchmarks] })(ContextModule);
  return NestFactory.createApplicationContext(ContextModule, { logger: false });
}
