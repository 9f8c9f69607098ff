import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { chatAnswer, type JsonRecord } from './provider-answers';

/** What a provider can do wrong. `refuse` is no path here: it is a port on which nobody listens. */
export const providerFaults = [
  'reset',
  'hang-before-headers',
  'hang-mid-stream',
  'slow-drip',
  'status-401',
  'status-402',
  'status-429',
  'status-429-retry-after',
  'status-500',
  'status-503',
  'html-200',
  'empty-200',
  'truncated-json',
  'error-first',
  'cut-stream',
  'wrong-content-type',
] as const;
export type ProviderFault = (typeof providerFaults)[number];

interface Call {
  fault: string;
  isStream: boolean;
}

const dripMs = 400;
const html = '<html><head><title>502</title></head><body><h1>Bad Gateway</h1></body></html>';

function events(body: JsonRecord): string[] {
  const answer = chatAnswer({ ...body, stream: true });
  return answer.kind === 'stream' ? answer.events : [];
}

function text(body: JsonRecord): string {
  const answer = chatAnswer({ ...body, stream: false });
  return answer.kind === 'json' ? JSON.stringify(answer.body) : '';
}

function sendError(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  const message = `the provider said ${status}`;
  const type = status === 402 ? 'insufficient_quota' : 'provider_error';
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ error: { message, type, code: String(status), param: null } }));
}

function startStream(response: ServerResponse, contentType = 'text/event-stream'): void {
  response.writeHead(200, { 'content-type': contentType });
}

/** An OpenAI-compatible provider below /FAULT/v1 that fails in just this way, at every call. */
export class FaultyProviderStandIn {
  readonly calls: Call[] = [];

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => void this.serve(request, response));
  }

  static async start(port = 0): Promise<FaultyProviderStandIn> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return new FaultyProviderStandIn(server);
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  baseUrlOf(fault: ProviderFault): string {
    return `${this.origin}/${fault}/v1`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as JsonRecord;
    const fault = (request.url ?? '').split('/')[1] as ProviderFault;
    await this.serveAs(fault, body, response);
  }

  /** Also for other stand-ins, in whose place it then fails. */
  async serveAs(fault: ProviderFault, body: JsonRecord, response: ServerResponse): Promise<void> {
    const isStream = body['stream'] === true;
    this.calls.push({ fault, isStream });
    await this.fail(fault, isStream, body, response).catch(() => response.destroy());
  }

  private async fail(
    fault: ProviderFault,
    isStream: boolean,
    body: JsonRecord,
    response: ServerResponse,
  ): Promise<void> {
    switch (fault) {
      case 'reset':
        return void response.socket?.resetAndDestroy();
      case 'hang-before-headers':
        return;
      case 'hang-mid-stream':
        if (!isStream) return void response.write('');
        startStream(response);
        return void response.write(events(body).slice(0, 3).join(''));
      case 'slow-drip':
        return this.drip(isStream, response);
      case 'status-401':
      case 'status-402':
      case 'status-429':
      case 'status-500':
      case 'status-503':
        return sendError(response, Number(fault.slice(-3)));
      case 'status-429-retry-after':
        return sendError(response, 429, { 'retry-after': '7' });
      case 'html-200':
        return void response.writeHead(200, { 'content-type': 'text/html' }).end(html);
      case 'empty-200':
        return void response
          .writeHead(200, { 'content-type': 'application/json', 'content-length': 0 })
          .end();
      case 'truncated-json':
        return this.truncate(isStream, body, response);
      case 'error-first':
        return this.errorFirst(isStream, response);
      case 'cut-stream':
        return this.cut(isStream, body, response);
      case 'wrong-content-type':
        response.writeHead(200, { 'content-type': isStream ? 'application/json' : 'text/plain' });
        return void response.end(isStream ? '{"hello": "world"}' : 'hello world');
    }
  }

  /** An answer that never ends within any patience. */
  private async drip(isStream: boolean, response: ServerResponse): Promise<void> {
    if (isStream) startStream(response);
    else response.writeHead(200, { 'content-type': 'application/json' });
    while (!response.destroyed) {
      response.write(isStream ? ': wait\n\n' : ' ');
      await delay(dripMs);
    }
  }

  private truncate(isStream: boolean, body: JsonRecord, response: ServerResponse): void {
    if (isStream) {
      startStream(response);
      return void response.end('data: {"id": "chatcmpl-1", "object": "chat.compl');
    }
    const whole = text(body);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(whole.slice(0, Math.floor(whole.length / 2)));
  }

  private errorFirst(isStream: boolean, response: ServerResponse): void {
    const error = { error: { message: 'the provider is overloaded', type: 'server_error', code: '503' } };
    if (!isStream) {
      response.writeHead(200, { 'content-type': 'application/json' });
      return void response.end(JSON.stringify(error));
    }
    startStream(response);
    response.end(`data: ${JSON.stringify(error)}\n\n`);
  }

  private cut(isStream: boolean, body: JsonRecord, response: ServerResponse): void {
    if (isStream) {
      startStream(response);
      response.write(events(body).slice(0, 4).join(''), () => response.socket?.resetAndDestroy());
      return;
    }
    const whole = text(body);
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(whole),
    });
    response.write(whole.slice(0, 20), () => response.socket?.resetAndDestroy());
  }
}
