import { HttpException } from '@nestjs/common';
import { AppError } from '@signalbox/common';

/**
 * What the framework throws by itself, as one of our codes. Anything unknown becomes a bare internal_error: its text
 * may come from a database or another service and is for the log only.
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const status = error instanceof HttpException ? error.getStatus() : 500;
  switch (status) {
    case 400:
      return new AppError('validation_failed', 'The request cannot be read. Check the path and the query.', {
        cause: error,
      });
    case 404:
      return new AppError('route_not_found', 'There is no such route. The routes are listed at /api/docs.', {
        cause: error,
      });
    default:
      return new AppError(
        'internal_error',
        'Try again. If it happens again, report it with the request_id: the log says more.',
        { cause: error },
      );
  }
}
