import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';

/** What a call needs of a pool, or of what stands before one. */
export type CallDispatcher = Pick<Dispatcher, 'dispatch'>;

export type SendPhase = 'not_sent' | 'no_answer' | 'answered';

/** How a connection itself fails, as Node and undici name it. Everything else ended because somebody here wanted it so. */
const transportCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
]);

function codeOf(error: Error): unknown {
  return (error as Error & { code?: unknown }).code;
}

function isTransportError(error: Error): boolean {
  const code = codeOf(error);
  return typeof code === 'string' && transportCodes.has(code);
}

/**
 * Stands before the pool for one call, to see what happens on the connection itself: how far the call came, whether the
 * connection broke, and every sign of life. It can end the call from outside. It is dispatcher and handler in one, for one call: an
 * object more for each would cost more than what it does.
 */
export class AttemptDispatcher implements CallDispatcher, Dispatcher.DispatchHandler {
  phase: SendPhase = 'not_sent';
  bodyBytes = 0;
  /** The connection failed of itself. */
  broken: Error | null = null;
  private controller: Dispatcher.DispatchController | null = null;
  private endedBy: Error | null = null;
  private handler: Dispatcher.DispatchHandler = {};

  constructor(
    private readonly pool: CallDispatcher,
    private readonly onSignOfLife: () => void,
  ) {}

  /** No connection came about in time; waiting as long again would hardly bring one. */
  get hasTimedOut(): boolean {
    return this.broken !== null && codeOf(this.broken) === 'UND_ERR_CONNECT_TIMEOUT';
  }

  /** Ends the call; if it still waits for a connection, as soon as it has one. */
  end(reason: Error): void {
    this.endedBy ??= reason;
    this.controller?.abort(reason);
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (Buffer.isBuffer(options.body)) this.bodyBytes = options.body.length;
    this.handler = handler;
    return this.pool.dispatch(options, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.controller = controller;
    if (!this.endedBy) this.phase = 'no_answer';
    this.handler.onRequestStart?.(controller, context);
    if (this.endedBy) controller.abort(this.endedBy);
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    socket: Duplex,
  ): void {
    this.handler.onRequestUpgrade?.(controller, status, headers, socket);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    statusMessage?: string,
  ): void {
    this.phase = 'answered';
    this.onSignOfLife();
    this.handler.onResponseStart?.(controller, status, headers, statusMessage);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.onSignOfLife();
    this.handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    this.handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    if (isTransportError(error)) this.broken = error;
    this.handler.onResponseError?.(controller, error);
  }
}
