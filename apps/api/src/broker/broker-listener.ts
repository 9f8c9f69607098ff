import { equalInConstantTime, type Logger } from '@signalbox/common';
import type { CredentialBroker, LeaseRequest } from '@signalbox/domain/credential-broker';
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import { bearerToken } from '../http/bearer-token';
import { answers, batchAnswer, type BrokerAnswer, errorAnswer, leaseAnswer } from './broker-answers';
import { parseLeaseBatch, parseLeaseRequest } from './lease-request';

const bodyLimitBytes = 4_096;
/** 200 questions are about 28 KB. */
const batchLimitBytes = 65_536;
/** Of a batch at a time: calls that wait for their own lease must find a connection to PostgreSQL. */
const batchConcurrency = 4;
const requestTimeoutMs = 5_000;
/** The hook gives up after 3 s; what it asked for is not worth finishing much later. */
const leaseTimeoutMs = 5_000;
/** Longer than the hook keeps an idle connection, so that it is never the server who closes under a request. */
const keepAliveMs = 75_000;

export interface BrokerListenerOptions {
  broker: Pick<CredentialBroker, 'lease'>;
  /** LiteLLM's callback, for /v1/leases. */
  token: string;
  /** The edge, for /v1/fallback-leases. */
  fallbackToken: string;
  logger: Logger;
}

/** @returns null when the body is too long */
async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) return null;
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

/** Answers in the order of the questions, however long each takes. */
async function inTurns<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of left) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: batchConcurrency }, worker));
  return results;
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
 * Where LiteLLM's hook asks for provider keys, and the edge for those that it needs while LiteLLM is down. Each token opens one route.
 * Bare node:http, since a call waits for the answer; not a route of the application, so that no mistake there can put it on the
 * public port. No request and no answer is logged.
 */
export function createBrokerServer({ broker, token, fallbackToken, logger }: BrokerListenerOptions): Server {
  const leaseOf = (asked: LeaseRequest): Promise<BrokerAnswer> =>
    withinTime(broker.lease(asked).then(leaseAnswer));
  const lease = async (request: IncomingMessage): Promise<BrokerAnswer> => {
    const body = isJson(request) ? await readBody(request, bodyLimitBytes) : null;
    const asked = body && parseLeaseRequest(body);
    return asked ? leaseOf(asked) : answers.requestInvalid;
  };
  /** One that fails does not take the others along. */
  const leaseOrFailure = (asked: LeaseRequest): Promise<BrokerAnswer> =>
    leaseOf(asked).catch((error: unknown) => {
      const answer = errorAnswer(error);
      if (!answer) logger.error('the broker failed', { error });
      return answer ?? answers.failed;
    });
  const leaseBatch = async (request: IncomingMessage): Promise<BrokerAnswer> => {
    const body = isJson(request) ? await readBody(request, batchLimitBytes) : null;
    const asked = body && parseLeaseBatch(body);
    if (!asked) return answers.batchInvalid;
    const startedAt = performance.now();
    // A store that hangs would make the questions wait for one another; the edge asks again for those that were not reached.
    const isLate = (): boolean => performance.now() - startedAt > leaseTimeoutMs;
    const answered = await inTurns(asked, (one) =>
      isLate() ? Promise.resolve(answers.tooSlow) : leaseOrFailure(one),
    );
    return batchAnswer(asked, answered);
  };
  const route = async (request: IncomingMessage): Promise<BrokerAnswer> => {
    if (request.method === 'GET' && request.url === '/health/liveliness') return answers.alive;
    const given = bearerToken(request.headers.authorization) ?? '';
    const isCallback = equalInConstantTime(given, token);
    const isEdge = equalInConstantTime(given, fallbackToken);
    if (!isCallback && !isEdge) return answers.tokenInvalid;
    if (request.method !== 'POST') return answers.routeNotFound;
    if (request.url === '/v1/leases') return isCallback ? lease(request) : answers.tokenInvalid;
    if (request.url === '/v1/fallback-leases') return isEdge ? leaseBatch(request) : answers.tokenInvalid;
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
