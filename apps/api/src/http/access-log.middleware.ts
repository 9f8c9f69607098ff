import type { Logger } from '@signalbox/common';
import type { NextFunction, Request, Response } from 'express';
import { callerOf } from './access.decorators';

/** One line per finished request, without query and body: a search text or a value has no place in a log. */
export function accessLog(logger: Logger) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const startedAt = process.hrtime.bigint();
    response.once('close', () => {
      const isHealth = request.path.startsWith('/health/');
      logger[isHealth ? 'debug' : 'info']('request', {
        request_id: response.getHeader('x-request-id'),
        method: request.method,
        path: request.path.slice(0, 200),
        status: response.statusCode,
        complete: response.writableFinished,
        duration_ms: Number((process.hrtime.bigint() - startedAt) / 1_000n) / 1_000,
        actor_id: callerOf(request)?.actorId,
      });
    });
    next();
  };
}
