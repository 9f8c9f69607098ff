import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@signalbox/common';

/** Nest's own messages in our log; what it says of modules at start is for debugging only. */
export function nestLogger(logger: Logger): LoggerService {
  const text = (message: unknown): string =>
    message instanceof Error ? (message.stack ?? message.message) : String(message);
  return {
    log: (message: unknown) => logger.debug(text(message)),
    warn: (message: unknown) => logger.warn(text(message)),
    error: (message: unknown, ...rest: unknown[]) => logger.error(text(message), { detail: rest.map(text) }),
  };
}
