import cluster from 'node:cluster';
import { createLogger, onShutdown, type ProcessLogger } from '@signalbox/common';
import { type EdgeConfig, loadEdgeConfig } from '@signalbox/config';
import { ClusterPrimary } from './cluster-primary';
import { Edge } from './edge';
import { MetricsServer } from './server/metrics-server';
import { isStartProblem } from './start-problem';
import { runWorker } from './worker-process';
import { workerCount } from './worker-count';

const lingerMs = 500;

/** Everything in one process: for small machines and for tests. It cannot be restarted without a gap. */
async function runAlone(config: EdgeConfig, logger: ProcessLogger): Promise<void> {
  const edge = new Edge(config, logger);
  edge.metrics.watchProcess();
  const startedAt = new Date().toISOString();
  const operation = new MetricsServer(
    {
      metricsText: () => edge.metrics.text(),
      workers: () => [
        {
          index: 0,
          pid: process.pid,
          state: 'serving',
          readiness: edge.readiness().status,
          started_at: startedAt,
        },
      ],
      logLevel: () => logger.level(),
      setLogLevel: (level) => logger.setLevel(level),
    },
    config.internalToken,
    logger,
  );
  await operation.listen(config.host, config.metricsPort);
  await edge.start();
  process.on('SIGHUP', () =>
    logger.warn(
      'SIGHUP is ignored: a single process (SIGNALBOX_EDGE_WORKERS=1) cannot restart without a gap',
    ),
  );
  onShutdown(logger, config.exitWithParent, async () => {
    await edge.close({ lingerMs });
    await operation.close();
  });
}

/** This process holds the port and the metrics; its children serve. */
async function runPrimary(config: EdgeConfig, logger: ProcessLogger): Promise<void> {
  const primary = new ClusterPrimary(workerCount(config.workers), logger);
  const operation = new MetricsServer(
    {
      metricsText: () => primary.metrics.text(),
      workers: () => primary.describe(),
      logLevel: () => logger.level(),
      setLogLevel: (level) => primary.setLogLevel(level),
    },
    config.internalToken,
    logger,
  );
  await operation.listen(config.host, config.metricsPort);
  await primary.start();
  process.on('SIGHUP', () => primary.restart());
  onShutdown(logger, config.exitWithParent, async () => {
    await primary.stop();
    await operation.close();
  });
}

async function main(): Promise<void> {
  if (cluster.isWorker) return runWorker();
  const config = loadEdgeConfig();
  const logger = createLogger(config.logLevel, { process: 'edge', pid: process.pid });
  await (config.workers === 1 ? runAlone(config, logger) : runPrimary(config, logger));
}

main().catch((error: unknown) => {
  process.stderr.write(`${isStartProblem(error) ? error.message : String((error as Error).stack)}\n`);
  process.exit(1);
});
