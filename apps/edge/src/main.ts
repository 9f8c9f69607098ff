import { createLogger, onShutdown } from '@signalbox/common';
import { ConfigError, loadEdgeConfig } from '@signalbox/config';
import { Edge } from './edge';

async function main(): Promise<void> {
  const config = loadEdgeConfig();
  const logger = createLogger(config.logLevel, { process: 'edge' });
  const edge = new Edge(config, logger);
  await edge.start();
  onShutdown(logger, config.exitWithParent, () => edge.close());
}

main().catch((error: unknown) => {
  const isExpected = error instanceof ConfigError || (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  process.stderr.write(`${isExpected ? (error as Error).message : String((error as Error).stack)}\n`);
  process.exit(1);
});
