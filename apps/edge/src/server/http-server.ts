import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { gatewayErrorAnswer, type GatewayErrorCode } from '@signalbox/gateway';
import type { ConnectionLimits } from './connection-limits';

/** Against slow and endless requests. The answer has no limit here: LiteLLM's side has one. */
const serverLimits = {
  maxHeaderSize: 32 * 1024,
  headersTimeout: 15_000,
  /** 32 MiB at 1 MB/s, with room to spare. */
  requestTimeout: 120_000,
  /** Longer than the 60 s of common load balancers, so that they close first. */
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 2_000,
};

/** Node leaves out what is more, and what was left out cannot be checked: such a request is refused. */
const headerCountLimit = 200;
/** Of all addresses. A process has far more file descriptors than that wherever the edge runs. */
const connectionLimit = 20_000;

export interface HttpServerOptions {
  limits?: typeof serverLimits;
  /** null: whoever can reach this server is trusted. */
  connections?: ConnectionLimits | null;
}

const codesOfClientErrors: Record<string, GatewayErrorCode> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/** What node could not read as HTTP never becomes a request: the answer is written by hand, and the connection ends. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket, requestId: string): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const code = codesOfClientErrors[error.code ?? ''] ?? 'malformed_request';
  const { status, headers, body } = gatewayErrorAnswer('openai', code, requestId);
  const bytes = Buffer.from(JSON.stringify(body), 'utf8');
  const lines = Object.entries({
    ...headers,
    'content-type': 'application/json',
    'content-length': bytes.length,
    'x-request-id': requestId,
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Refused\r\n${lines.join('')}\r\n`, 'latin1'), bytes]),
  );
}

/** What node reads as HTTP, and still is not served. */
function isAcceptable(
  request: IncomingMessage,
  response: ServerResponse,
  connections: ConnectionLimits | null,
  newRequestId: () => string,
): boolean {
  const { socket } = request;
  // No client of ours sends so many without waiting; answers to them would pile up behind the first.
  if (connections && !connections.requestBegan(socket)) {
    socket.destroy();
    return false;
  }
  if (request.rawHeaders.length <= headerCountLimit * 2) return true;
  refuse(response, 'headers_too_large', newRequestId());
  return false;
}

function refuse(response: ServerResponse, code: GatewayErrorCode, requestId: string): void {
  const { status, headers, body } = gatewayErrorAnswer('openai', code, requestId);
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json',
    'x-request-id': requestId,
    connection: 'close',
  });
  response.end(JSON.stringify(body));
}

export class HttpServer {
  private readonly server: Server;
  private isDraining = false;
  /** While draining: idle connections may still bring one request each. */
  private isLingering = false;
  private openConnections = 0;
  private limit: NodeJS.Timeout | undefined;
  private cut: () => void = () => undefined;

  constructor(
    handle: (request: IncomingMessage, response: ServerResponse) => void,
    newRequestId: () => string,
    { limits = serverLimits, connections = null }: HttpServerOptions = {},
  ) {
    this.server = createServer(limits, (request, response) => {
      const { socket } = request;
      response.on('close', () => {
        connections?.requestEnded(socket);
        if (this.isDraining && !this.isLingering) this.server.closeIdleConnections();
      });
      if (!isAcceptable(request, response, connections, newRequestId)) return;
      // After a drain began each answer is the last one of its connection.
      if (this.isDraining) response.setHeader('connection', 'close');
      handle(request, response);
    });
    this.server.maxHeadersCount = headerCountLimit + 1;
    this.server.on('connection', (socket) => this.admit(socket, connections));
    this.server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
      answerClientError(error, socket as Socket, newRequestId()),
    );
  }

  /** server.maxConnections would make a full worker hand the connection back, and the primary offer it again without end. */
  private admit(socket: Socket, connections: ConnectionLimits | null): void {
    this.openConnections += 1;
    socket.once('close', () => (this.openConnections -= 1));
    if (this.openConnections > connectionLimit) return void socket.destroy();
    connections?.opened(socket);
  }

  get draining(): boolean {
    return this.isDraining;
  }

  /** @returns the port, which differs from the one asked for only if that was 0 */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject).listen(port, host, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
    const address = this.server.address();
    return typeof address === 'object' && address ? address.port : port;
  }

  /**
   * Stops accepting and lets requests and streams in flight finish. What is still open after the limit is told so by `onLimit`
   * and then cut. An idle connection that is closed at once may carry a request in that very moment, which no client can send
   * again safely: for `lingerMs` each connection ends with the answer to its next request instead.
   */
  async drain(limitMs: number, onLimit: () => void, lingerMs = 0): Promise<void> {
    this.isDraining = true;
    this.isLingering = lingerMs > 0;
    this.cut = () => {
      onLimit();
      setTimeout(() => this.server.closeAllConnections(), lastWordMs).unref();
    };
    this.limit = setTimeout(this.cut, limitMs);
    const linger = setTimeout(() => this.closeIdle(), Math.min(lingerMs, limitMs));
    await new Promise<void>((resolve) => {
      // http's own close() would end idle connections at once.
      NetServer.prototype.close.call(this.server, () => resolve());
      if (!this.isLingering) this.closeIdle();
    });
    clearTimeout(this.limit);
    this.cut = () => undefined;
    clearTimeout(linger);
    // Ends the server's regular look at its connections; it reports that it was closed already.
    this.server.close(() => undefined);
  }

  /** In the middle of a drain: somebody waits for its end now. */
  hurry(limitMs: number): void {
    if (!this.isDraining) return;
    clearTimeout(this.limit);
    this.limit = setTimeout(() => this.cut(), limitMs);
    this.limit.unref();
    this.closeIdle();
  }

  private closeIdle(): void {
    this.isLingering = false;
    this.server.closeIdleConnections();
  }
}

/** Time for the last event of streams that were cut. */
const lastWordMs = 500;
