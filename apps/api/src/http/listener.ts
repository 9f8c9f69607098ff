import { equalInConstantTime } from '@signalbox/common';
import { AppError } from '@signalbox/common';
import type { NextFunction, Request, Response } from 'express';
import type { IncomingMessage } from 'node:http';
import { bearerToken } from './bearer-token';

/**
 * One Express application serves two listeners: the public one and the internal one, which the runner and the edge
 * call. The internal server marks its requests here; nothing in a request's own content can set the mark.
 */
const internalRequests = new WeakSet<IncomingMessage>();

export function markAsInternal(request: IncomingMessage): void {
  internalRequests.add(request);
}

export function isInternal(request: IncomingMessage): boolean {
  return internalRequests.has(request);
}

function isInternalPath(path: string): boolean {
  const lowered = path.toLowerCase();
  return lowered === '/internal' || lowered.startsWith('/internal/');
}

/** /internal exists only on the internal listener, and there only with the internal token. */
export function listenerBoundary(internalToken: string) {
  return (request: Request, _response: Response, next: NextFunction): void => {
    if (isInternalPath(request.path) !== isInternal(request)) {
      return next(routeNotFound(request));
    }
    if (!isInternal(request)) return next();
    const given = bearerToken(request.headers.authorization);
    if (given !== null && equalInConstantTime(given, internalToken)) return next();
    next(new AppError('internal_token_invalid', 'Send SIGNALBOX_INTERNAL_TOKEN as a bearer token.'));
  };
}

export function routeNotFound(request: Request): AppError {
  return new AppError(
    'route_not_found',
    `There is no ${request.method} ${request.path.slice(0, 200)}. The routes are listed at /api/docs.`,
  );
}
