import type { OutgoingHttpHeaders } from 'node:http';
import { type GatewayErrorCode, gatewayErrorAnswer, type GatewayErrorDetails } from '@signalbox/gateway';
import { requestIdHeaders } from '../answer/answer-headers';
import { discardBody } from './body-reader';
import type { EdgeRequest } from './edge-request';

export function sendJson(
  edgeRequest: EdgeRequest,
  status: number,
  headers: OutgoingHttpHeaders,
  body: object | Buffer,
): void {
  const { id, request, response } = edgeRequest;
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body), 'utf8');
  response.writeHead(status, {
    ...requestIdHeaders(id),
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
