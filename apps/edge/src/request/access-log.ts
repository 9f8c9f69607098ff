import type { Logger } from '@signalbox/common';
import type { EdgeRequest } from './edge-request';

const clientIdPattern = /^[\x21-\x7e]{1,128}$/;
const longestPath = 200;

/** A client's own request id, to find its request; it goes nowhere else. */
function clientRequestIdOf(value: unknown): string | undefined {
  return typeof value === 'string' && clientIdPattern.test(value) ? value : undefined;
}

/** One line per request, when its connection is done with it. No body, no key, no query. */
export function logAccess(logger: Logger, edgeRequest: EdgeRequest, nowMs: number): void {
  const { id, request, response, path, startedAtMs, facts } = edgeRequest;
  logger.info('request', {
    request_id: id,
    client_request_id: clientRequestIdOf(request.headers['x-request-id']),
    method: request.method,
    path: path.slice(0, longestPath),
    status: response.headersSent ? response.statusCode : undefined,
    client_gone: !response.writableFinished,
    duration_ms: nowMs - startedAtMs,
    remote: request.socket.remoteAddress,
    ...facts,
  });
}
