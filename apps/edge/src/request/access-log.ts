import type { Logger } from '@signalbox/common';
import type { EdgeRequest, RequestFacts } from './edge-request';

const clientIdPattern = /^[\x21-\x7e]{1,128}$/;
const longestPath = 200;

/** A client's own request id, to find its request; it goes nowhere else. */
function clientRequestIdOf(value: unknown): string | undefined {
  return typeof value === 'string' && clientIdPattern.test(value) ? value : undefined;
}

type Line = { readonly [Name in keyof Required<RequestFacts>]: RequestFacts[Name] };

/** One line per request, when its connection is done with it. No body, no key, no query. */
export function logAccess(logger: Logger, edgeRequest: EdgeRequest, nowMs: number): void {
  const { id, request, response, path, startedAtMs, facts } = edgeRequest;
  // Fact by fact: to spread them into the line would be dearer than all the rest of it.
  const line: Line & Record<string, unknown> = {
    request_id: id,
    client_request_id: clientRequestIdOf(request.headers['x-request-id']),
    method: request.method,
    path: path.slice(0, longestPath),
    status: response.headersSent ? response.statusCode : undefined,
    client_gone: !response.writableFinished,
    duration_ms: nowMs - startedAtMs,
    remote: request.socket.remoteAddress,
    route: facts.route,
    key_id: facts.key_id,
    workspace_id: facts.workspace_id,
    organization_id: facts.organization_id,
    model: facts.model,
    stream: facts.stream,
    bytes_in: facts.bytes_in,
    deployment_id: facts.deployment_id,
    credential_id: facts.credential_id,
    credential_owner: facts.credential_owner,
    attempts: facts.attempts,
    answer_route: facts.answer_route,
    fallback: facts.fallback,
    slot: facts.slot,
    release_id: facts.release_id,
    code: facts.code,
    reason: facts.reason,
    cut_off_seconds: facts.cut_off_seconds,
  };
  logger.info('request', line);
}
