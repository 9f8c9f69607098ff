import { newId } from '@signalbox/common';
import type { NextFunction, Request, Response } from 'express';
import { runInRequestContext } from './request-context';

/** A caller may bring an id of its own; anything that is not plainly an id is replaced, since it goes into the log. */
const acceptedRequestId = /^[A-Za-z0-9_-]{8,64}$/;

export function requestIdMiddleware(request: Request, response: Response, next: NextFunction): void {
  const given = request.headers['x-request-id'];
  const requestId = typeof given === 'string' && acceptedRequestId.test(given) ? given : newId('request');
  response.setHeader('x-request-id', requestId);
  runInRequestContext({ requestId }, next);
}
