import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject } from '@nestjs/common';
import { AppError, type Logger } from '@signalbox/common';
import { LOGGER } from '@signalbox/domain/core';
import type { Request, Response } from 'express';
import { routeNotFound } from './listener';
import { problemMediaType, toProblem } from './problem';
import { currentRequestId } from './request-context';
import { knownMethods } from './route-methods';
import { toAppError } from './to-app-error';

/** The one place where an error becomes an answer. The request's body is never logged: it may hold a secret. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const error = this.resolve(thrown, request, response);
    this.log(error, request);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (error.retryAfterSeconds !== undefined) response.setHeader('retry-after', error.retryAfterSeconds);
    if (error.status === 401) response.setHeader('www-authenticate', 'Bearer realm="signalbox"');
    const problem = toProblem(error, currentRequestId() ?? String(response.getHeader('x-request-id') ?? ''));
    response.status(error.status).type(problemMediaType).send(JSON.stringify(problem));
  }

  /** A path that is known with another method is told from one that is not known at all. */
  private resolve(thrown: unknown, request: Request, response: Response): AppError {
    if (!(thrown instanceof HttpException) || thrown.getStatus() !== 404) return toAppError(thrown);
    const methods = knownMethods(request);
    if (methods.length === 0) return routeNotFound(request);
    response.setHeader('allow', methods.join(', '));
    return new AppError('method_not_allowed', `This route knows ${methods.join(', ')}.`);
  }

  private log(error: AppError, request: Request): void {
    if (error.status < 500 && error.internal === undefined) return;
    this.logger[error.status < 500 ? 'info' : 'error']('request failed', {
      request_id: currentRequestId(),
      method: request.method,
      path: request.path,
      code: error.code,
      internal: error.internal,
      cause: error.cause,
    });
  }
}
