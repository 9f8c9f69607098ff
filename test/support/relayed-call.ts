import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import { systemClock } from '@signalbox/common';
import { sturdyConnector } from '@signalbox/egress';
import { Pool } from 'undici';
import type { AnswerEnd } from '../../apps/edge/src/answer/answer-end';
import type { AnswerStart } from '../../apps/edge/src/answer/answer-start';
import type { UpstreamCallOptions } from '../../apps/edge/src/answer/call-options';
import { startUpstreamCall, type UpstreamCall } from '../../apps/edge/src/answer/upstream-call';

/** What an upstream does with one connection: raw bytes, so that it can be as wrong as it likes. */
export type Script = (socket: Socket, request: string) => void | Promise<void>;

export interface Seen {
  start: AnswerStart | null;
  end: AnswerEnd | null;
  /** The reason of an abort that came first. */
  rejected: Error | null;
  call: UpstreamCall | null;
  /** Whether the upstream saw its connection close before its script had ended it. */
  upstreamClosed: boolean;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export const eventStreamHead =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n';

/** Whose end is marked: without its last chunk it was cut. */
export const chunkedEventStreamHead =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';

export function httpChunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

export function jsonAnswer(value: unknown, status = '200 OK', headers = ''): string {
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  const length = Buffer.byteLength(body);
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n${headers}\r\n${body}`;
}

const requestBody = Buffer.from('{}');
const requestEnd = `\r\n\r\n${requestBody.toString()}`;

/** One upstream that obeys a script, and a server that answers each request by one call to it. */
export class RelayedCall {
  script: Script = () => undefined;
  options: Partial<UpstreamCallOptions> = {};
  /** Before a good answer is relayed. */
  beforeRelay: () => Promise<void> = () => Promise.resolve();
  readonly seen: Seen = { start: null, end: null, rejected: null, call: null, upstreamClosed: false };
  connections = 0;

  private constructor(
    private readonly upstream: TcpServer,
    private readonly server: Server,
    readonly pool: Pool,
  ) {
    upstream.on('connection', (socket) => {
      this.connections += 1;
      socket.on('error', () => undefined);
      socket.once('close', () => (this.seen.upstreamClosed = true));
      let heard = '';
      socket.on('data', (bytes) => {
        heard += bytes.toString('latin1');
        if (!heard.endsWith(requestEnd)) return;
        const request = heard;
        heard = '';
        void this.script(socket, request);
      });
    });
    server.on('request', (request, response) => void this.answer(request, response));
  }

  static async open(): Promise<RelayedCall> {
    const upstream = createTcpServer();
    const server = createHttpServer();
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = upstream.address() as AddressInfo;
    return new RelayedCall(
      upstream,
      server,
      new Pool(`http://127.0.0.1:${port}`, { connect: sturdyConnector({}) }),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stopUpstream(): Promise<void> {
    await new Promise((resolve) => this.upstream.close(resolve));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await this.pool.destroy();
    this.upstream.close();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    const options: UpstreamCallOptions = {
      via: 'direct',
      provider: null,
      routeName: path.replace(/^\/(v1\/)?/, '').replaceAll('/', '_'),
      dialect: path.endsWith('/messages') ? 'anthropic' : 'openai',
      isStream: true,
      hidesUsage: false,
      firstByteTimeoutMs: 5_000,
      idleTimeoutMs: 5_000,
      totalTimeoutMs: 10_000,
      requestId: 'req_1',
      clock: systemClock,
      ...this.options,
    };
    const upstreamRequest = { method: 'POST' as const, path, headers: {}, body: requestBody };
    const call = startUpstreamCall(this.pool, upstreamRequest, options);
    Object.assign(this.seen, { call, start: null, end: null });
    try {
      this.seen.start = await call.start;
    } catch (error) {
      this.seen.rejected = error as Error;
      response.destroy();
      return;
    }
    if (this.seen.start.kind === 'good') {
      await this.beforeRelay();
      const edgeRequest = {
        id: 'req_1',
        request,
        response,
        path,
        startedAtMs: 0,
        dialect: options.dialect,
        facts: {},
      };
      const headers = { 'x-signalbox-route': options.via };
      this.seen.end = await this.seen.start.answer.relayTo(edgeRequest as never, headers);
      return;
    }
    const { shown, reason } = this.seen.start.failure;
    response.writeHead(shown?.status ?? 599, {
      ...shown?.headers,
      'content-type': 'application/json',
      'x-reason': reason,
    });
    response.end(JSON.stringify(shown?.body ?? {}));
  }
}
