import { NestFactory } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import { HealthServer } from './health/health-server';
import { WorkerHealth } from './health/worker-health';
import { WorkerMetrics } from './health/worker-metrics';
import { nestLogger } from './nest-logger';
import { WorkerModule, type WorkerOptions } from './worker.module';

export interface RunningWorker {
  port: number;
  context: INestApplicationContext;
  /** Lets running jobs and rounds end, then closes the connections. */
  close(): Promise<void>;
}

/** The whole worker: the same for the process and for its tests. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const context = await NestFactory.createApplicationContext(WorkerModule.forRoot(options), {
    logger: nestLogger(options.logger),
    abortOnError: false,
  });
  const health = new HealthServer(context.get(WorkerHealth), context.get(WorkerMetrics));
  const { host, port: wantedPort } = options.config;
  const port = await health.listen(host, wantedPort).catch(async (error: unknown) => {
    await context.close();
    throw error;
  });
  return {
    port,
    context,
    close: async () => {
      await health.close();
      await context.close();
    },
  };
}
