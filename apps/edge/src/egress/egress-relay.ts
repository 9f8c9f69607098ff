import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock, Logger, NamedKey } from '@signalbox/common';
import {
  type AddressPolicy,
  checkedUrl,
  EgressError,
  type EgressReason,
  guardedAgent,
  toEgressError,
} from '@signalbox/egress';
import { readEgressPath } from '@signalbox/gateway';
import type { Agent, Dispatcher } from 'undici';
import { discardBody } from '../request/body-reader';
import { passedHeaders } from './egress-headers';

/** As long as the edge waits for LiteLLM. */
const answerTimeoutMs = 600_000;
const keepAliveMs = 30_000;
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);

export interface EgressRelayDependencies {
  signingKeys: readonly NamedKey[];
  addresses: AddressPolicy;
  clock: Clock;
  logger: Logger;
  /** Of the log. */
  newRequestId: () => string;
}

/** What the log tells of a relayed call: no path, no query, no header. */
interface RelayFacts {
  host?: string;
  status?: number;
  reason?: string;
  code?: string | null;
}

class RelayRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const refusals = {
  not_found: new RelayRefusal(404, 'egress_not_found', 'This port serves LiteLLM only: /egress/...'),
  not_signed: new RelayRefusal(
    403,
    'egress_not_signed',
    'The address is not signed with a context signing key of this edge. Compare SIGNALBOX_CONTEXT_SIGNING_KEYS.',
  ),
  dot_segment: new RelayRefusal(400, 'egress_dot_segment', 'The path must not leave the base URL.'),
  method: new RelayRefusal(405, 'egress_method_not_allowed', 'This method is not relayed.'),
} as const;

function statusOf(reason: EgressReason): number {
  return reason === 'timeout' ? 504 : 502;
}

function refusalOf(error: unknown): RelayRefusal {
  if (error instanceof RelayRefusal) return error;
  const { reason, message } = toEgressError(error);
  return new RelayRefusal(statusOf(reason), `egress_${reason}`, message);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** The base URL's path and query, with what LiteLLM appended. */
function pathOf(base: URL, rest: string, query: string): string {
  const path = base.pathname.replace(/\/$/, '') + rest;
  const queries = [base.search.slice(1), query].filter((part) => part !== '');
  return (path === '' ? '/' : path) + (queries.length > 0 ? `?${queries.join('&')}` : '');
}

/**
 * Takes LiteLLM's calls to base URLs that tenants gave: checks the signature, connects to exactly the address that it has checked, follows no
 * redirect, and streams both ways.
 */
export class EgressRelay {
  private readonly agent: Agent;
  private readonly running = new Set<AbortController>();

  constructor(private readonly dependencies: EgressRelayDependencies) {
    this.agent = guardedAgent(dependencies.addresses, {
      headersTimeoutMs: answerTimeoutMs,
      bodyTimeoutMs: answerTimeoutMs,
      keepAliveMs,
    });
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, logger, newRequestId } = this.dependencies;
    const startedAtMs = clock.nowMs();
    const facts: RelayFacts = {};
    const controller = new AbortController();
    this.running.add(controller);
    response.once('close', () => controller.abort());
    try {
      await this.relay(request, response, controller.signal, facts);
    } catch (error) {
      this.answerError(request, response, error, facts);
    } finally {
      this.running.delete(controller);
      const duration_ms = clock.nowMs() - startedAtMs;
      logger.info('egress', { egress_id: newRequestId(), method: request.method, duration_ms, ...facts });
    }
  }

  /** The time for open streams is over. */
  abortAll(): void {
    for (const controller of this.running) controller.abort();
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async relay(
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
    facts: RelayFacts,
  ): Promise<void> {
    const [path = '', ...queries] = (request.url ?? '').split('?');
    const read = readEgressPath(this.dependencies.signingKeys, path);
    if (!read.ok) throw refusals[read.reason];
    if (!methods.has(request.method ?? '')) throw refusals.method;
    const base = checkedUrl(read.baseUrl);
    facts.host = base.host;
    // A stream of its own: undici destroys the body of a request that failed, and the answer must still go out.
    const body = hasBody(request) ? request.pipe(new PassThrough()) : null;
    try {
      const answer = await this.agent.request({
        origin: base.origin,
        path: pathOf(base, read.rest, queries.join('?')),
        method: request.method as Dispatcher.HttpMethod,
        headers: passedHeaders(request.headers),
        body,
        signal,
      });
      facts.status = answer.statusCode;
      await this.passOn(answer, response);
    } finally {
      if (body) stopUpload(request, body);
    }
  }

  private async passOn(answer: Dispatcher.ResponseData, response: ServerResponse): Promise<void> {
    const { statusCode, headers, body } = answer;
    if (statusCode >= 300 && statusCode < 400) {
      body.on('error', () => undefined).destroy();
      throw new EgressError('redirect', String(statusCode));
    }
    response.writeHead(statusCode, passedHeaders(headers));
    response.flushHeaders();
    await pipeline(body, response);
  }

  private answerError(
    request: IncomingMessage,
    response: ServerResponse,
    error: unknown,
    facts: RelayFacts,
  ): void {
    const { status, code, message } = refusalOf(error);
    facts.reason = code;
    // A torn answer must not look complete.
    if (response.headersSent || response.destroyed) return void response.destroy();
    const bytes = Buffer.from(
      JSON.stringify({ error: { message, type: 'signalbox_egress_error', code, param: null } }),
      'utf8',
    );
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length });
    response.end(bytes);
    discardBody(request);
  }
}

function stopUpload(request: IncomingMessage, body: Readable & NodeJS.WritableStream): void {
  request.unpipe(body);
  body.on('error', () => undefined);
  body.destroy();
}
