import type { Logger } from './logger';

/**
 * Runs `close` once on SIGTERM or SIGINT and then exits. With `exitWithParent`, the end of standard input counts as
 * SIGTERM, so that a process does not outlive a supervisor that was killed.
 */
export function onShutdown(
  logger: Logger,
  exitWithParent: boolean,
  close: () => Promise<void>,
  limitMs = 30_000,
): void {
  let stopping = false;
  const stop = (reason: string): void => {
    if (stopping) return;
    stopping = true;
    logger.info('stopping', { reason });
    const timer = setTimeout(() => process.exit(1), limitMs);
    timer.unref();
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error('stopping failed', { error });
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', () => stop('SIGTERM'));
  process.once('SIGINT', () => stop('SIGINT'));
  if (!exitWithParent) return;
  process.stdin.resume();
  process.stdin.once('end', () => stop('parent gone'));
  process.stdin.once('error', () => stop('parent gone'));
}
