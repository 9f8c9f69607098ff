import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { type GatewayErrorCode, gatewayErrorAnswer, type GatewayErrorDetails } from '@signalbox/gateway';
import { discardBody } from './body-reader';
import type { EdgeRequest } from './edge-request';

/** Both names of the id: OpenAI's SDKs read x-request-id, Anthropic's request-id. */
export function nameRequest(response: ServerResponse, requestId: string): void {
  response.setHeader('x-request-id', requestId);
  response.setHeader('request-id', requestId);
}

export function sendJson(
  edgeRequest: EdgeRequest,
  status: number,
  headers: OutgoingHttpHeaders,
  body: object | Buffer,
): void {
  const { request, response } = edgeRequest;
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body), 'utf8');
  response.writeHead(status, {
    'content-type': 'application/json',
    ...headers,
    'content-length': bytes.length,
  });
  response.end(bytes);
  discardBody(request);
}

export function sendGatewayError(
  edgeRequest: EdgeRequest,
  code: GatewayErrorCode,
  details: GatewayErrorDetails = {},
): void {
  edgeRequest.facts.code = code;
  const { status, headers, body } = gatewayErrorAnswer(edgeRequest.dialect, code, edgeRequest.id, details);
  sendJson(edgeRequest, status, headers, body);
}
