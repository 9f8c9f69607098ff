import 'reflect-metadata';
import { createLogger, onShutdown } from '@signalbox/common';
import { ConfigError, loadApiConfig } from '@signalbox/config';
import { createApi } from './create-api';
import { serve } from './http/serve';

async function main(): Promise<void> {
  const config = loadApiConfig();
  const logger = createLogger(config.logLevel, { process: 'api', pid: process.pid });
  const app = await createApi({ config, logger });
  const running = await serve(app, config);
  onShutdown(logger, config.exitWithParent, () => running.close());
  logger.info('listening', { host: config.host, port: running.port, internal_port: running.internalPort });
}

main().catch((error: unknown) => {
  if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
  else createLogger('error', { process: 'api' }).error('the API did not start', { error });
  process.exit(1);
});
