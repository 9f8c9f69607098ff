import 'reflect-metadata';
import { createLogger, onShutdown } from '@signalbox/common';
import { ConfigError, loadApiConfig } from '@signalbox/config';
import { createApi } from './create-api';
import { serve } from './http/serve';

async function main(): Promise<void> {
  const config = loadApiConfig();
  const logger = createLogger(config.logLevel, { process: 'api', pid: process.pid });
  const app = await createApi({ config, logger });
  const running = await serve(app, config, logger);
  onShutdown(logger, config.exitWithParent, () => running.close());
  const { port, internalPort, brokerPort } = running;
  logger.info('listening', {
    host: config.host,
    port,
    internal_port: internalPort,
    broker_port: brokerPort,
  });
}

function adviceFor(error: unknown): string | null {
  if (error instanceof ConfigError) return error.message;
  const { code, address, port } = error as { code?: string; address?: string; port?: number };
  if (code !== 'EADDRINUSE') return null;
  return `Port ${port} on ${address} is taken. Stop what listens there, or set SIGNALBOX_API_PORT, SIGNALBOX_API_INTERNAL_PORT or SIGNALBOX_BROKER_PORT.`;
}

main().catch((error: unknown) => {
  const advice = adviceFor(error);
  if (advice) process.stderr.write(`${advice}\n`);
  else createLogger('error', { process: 'api' }).error('the API did not start', { error });
  process.exit(1);
});
