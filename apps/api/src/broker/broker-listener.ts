import { equalInConstantTime, type Logger } from '@signalbox/common';
import type { CredentialBroker } from '@signalbox/domain/credential-broker';
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import { bearerToken } from '../http/bearer-token';
import { answers, type BrokerAnswer, errorAnswer, leaseAnswer } from './broker-answers';
import { parseLeaseRequest } from './lease-request';

const bodyLimitBytes = 4_096;
const requestTimeoutMs = 5_000;
/** The hook gives up after 3 s; what it asked for is not worth finishing much later. */
const leaseTimeoutMs = 5_000;
/** Longer than the hook keeps an idle connection, so that it is never the server who closes under a request. */
const keepAliveMs = 75_000;

export interface BrokerListenerOptions {
  broker: Pick<CredentialBroker, 'lease'>;
  token: string;
  logger: Logger;
}

/** @returns null when the body is too long */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimitBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function isJson(request: IncomingMessage): boolean {
  return /^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '');
}

async function withinTime(work: Promise<BrokerAnswer>): Promise<BrokerAnswer> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<BrokerAnswer>((resolve) => {
    timer = setTimeout(() => resolve(answers.tooSlow), leaseTimeoutMs);
  });
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

function send(request: IncomingMessage, response: ServerResponse, answer: BrokerAnswer): void {
  const text = JSON.stringify(answer.body);
  const headers: OutgoingHttpHeaders = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  };
  if (answer.retryAfterSeconds !== undefined) headers['retry-after'] = String(answer.retryAfterSeconds);
  // A body that was not read to its end would be taken for the next request.
  if (!request.complete) headers['connection'] = 'close';
  response.writeHead(answer.status, headers);
  response.end(text);
}

/**
 * Where LiteLLM's hook asks for provider keys. Bare node:http, since a call waits for the answer; not a route of the
 * application, so that no mistake there can put it on the public port. No request and no answer is logged.
 */
export function createBrokerServer({ broker, token, logger }: BrokerListenerOptions): Server {
  const lease = async (request: IncomingMessage): Promise<BrokerAnswer> => {
    const body = isJson(request) ? await readBody(request) : null;
    const asked = body && parseLeaseRequest(body);
    if (!asked) return answers.requestInvalid;
    return withinTime(broker.lease(asked).then(leaseAnswer));
  };
  const route = async (request: IncomingMessage): Promise<BrokerAnswer> => {
    if (request.method === 'GET' && request.url === '/health/liveliness') return answers.alive;
    const given = bearerToken(request.headers.authorization);
    if (given === null || !equalInConstantTime(given, token)) return answers.tokenInvalid;
    if (request.method === 'POST' && request.url === '/v1/leases') return lease(request);
    return answers.routeNotFound;
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      send(request, response, await route(request));
    } catch (error) {
      // The caller left in the middle of its request.
      if (!request.complete) return void response.destroy();
      const answer = errorAnswer(error);
      if (!answer) logger.error('the broker failed', { error });
      send(request, response, answer ?? answers.failed);
    }
  };
  const server = createServer(
    { maxHeaderSize: 8_192, requestTimeout: requestTimeoutMs },
    (request, response) => {
      void serve(request, response);
    },
  );
  server.headersTimeout = requestTimeoutMs;
  server.keepAliveTimeout = keepAliveMs;
  return server;
}
