import 'reflect-metadata';
import { createLogger, onShutdown } from '@signalbox/common';
import { ConfigError, loadWorkerConfig } from '@signalbox/config';
import { startWorker } from './start-worker';

async function main(): Promise<void> {
  const config = loadWorkerConfig();
  const logger = createLogger(config.logLevel, { process: 'worker', pid: process.pid });
  const worker = await startWorker({ config, logger });
  onShutdown(logger, config.exitWithParent, () => worker.close());
  logger.info('worker runs', { host: config.host, health_port: worker.port });
}

main().catch((error: unknown) => {
  if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
  else createLogger('error', { process: 'worker' }).error('the worker did not start', { error });
  process.exit(1);
});
