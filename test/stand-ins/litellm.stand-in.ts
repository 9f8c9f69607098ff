import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { NamedKey } from '@signalbox/common';
import { type ContextPayload, verifyContext } from '@signalbox/gateway';
import * as answers from './provider-answers';
import type { JsonRecord, ProviderAnswer } from './provider-answers';

/** A call as it reached LiteLLM. */
export interface LitellmCall {
  method: string;
  path: string;
  query: string;
  headers: IncomingHttpHeaders;
  bytes: Buffer;
  context: ContextPayload;
  /** Whether the edge closed the connection before the answer was complete. */
  isAborted: boolean;
  /** How much of a flood has left. */
  sentBytes: number;
}

export type LitellmBehaviour =
  | { kind: 'error'; status: number; body: object; headers?: Record<string, string> }
  /** Answers nothing until the edge gives up. */
  | { kind: 'hang' }
  /** Ends the connection without a byte. */
  | { kind: 'reset' }
  /** A stream with this pause between its events. */
  | { kind: 'slow'; everyMs: number }
  /** A stream that ends after so many events: with a broken connection, or cleanly but without its last event. */
  | { kind: 'cut'; afterEvents: number; how: 'reset' | 'clean' }
  /** As LiteLLM does when the provider's stream breaks: an error event without a name, and no [DONE]. */
  | { kind: 'error_in_stream'; afterEvents: number }
  /** A stream of so many bytes, as fast as the edge takes them. */
  | { kind: 'flood'; bytes: number }
  /** The connection breaks after this body. */
  | { kind: 'torn'; status: number; headers: Record<string, string>; body: Buffer }
  /** Whatever a provider could do, passed on by a LiteLLM that hides nothing. */
  | { kind: 'served'; serve: (body: JsonRecord, response: ServerResponse) => Promise<void> };

const models = ['demo', 'gpt-4o', 'openai/gpt-4o-mini'];
const version = '1.103.1';

const answerers: Record<string, (body: JsonRecord) => ProviderAnswer> = {
  'chat/completions': answers.chatAnswer,
  completions: answers.completionAnswer,
  responses: answers.responsesAnswer,
  embeddings: answers.embeddingsAnswer,
  messages: answers.messagesAnswer,
  'messages/count_tokens': answers.countTokensAnswer,
  models: () => answers.modelsAnswer(models),
};

async function readBytes(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function parseJson(bytes: Buffer): JsonRecord {
  try {
    return JSON.parse(bytes.toString('utf8')) as JsonRecord;
  } catch {
    return {};
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function write(response: ServerResponse, text: string | Buffer): Promise<void> {
  return new Promise((resolve) => response.write(text, () => resolve()));
}

class StopSwitch {
  private continued: Promise<void> | null = null;
  private release: () => void = () => undefined;

  stop(): void {
    this.continued ??= new Promise((resolve) => (this.release = resolve));
  }

  continue(): void {
    this.release();
    this.continued = null;
  }

  untilContinued(): Promise<void> | null {
    return this.continued;
  }
}

/**
 * Speaks LiteLLM's wire format (headers, error forms, streams) and believes the signed context only. For what a real LiteLLM
 * cannot be made to do at will: to hang, to break off, to vanish. The good ways are proven on the real one.
 */
export class LitellmStandIn {
  readonly calls: LitellmCall[] = [];
  behaviour: LitellmBehaviour | null = null;
  /** By call, above all by its deployment; in place of `behaviour` where it says something. */
  behaviourOf: ((call: LitellmCall) => LitellmBehaviour | null) | null = null;
  /** How often it was asked whether it lives. */
  probes = 0;
  private readonly stopped = new StopSwitch();
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly keys: readonly NamedKey[],
  ) {
    server.on('request', (message, response) => void this.serve(message, response));
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  /** @param port to come back where another one was */
  static async start(keys: readonly NamedKey[], port = 0): Promise<LitellmStandIn> {
    const server = createServer({ keepAliveTimeout: 75_000 });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return new LitellmStandIn(server, keys);
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** LLM calls, without the reading of the model list. */
  posts(): LitellmCall[] {
    return this.calls.filter(({ method }) => method === 'POST');
  }

  /** What LiteLLM does on SIGTERM: refuses new connections, ends idle ones, finishes what it has accepted. */
  async drain(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeIdleConnections();
    await closed;
  }

  /** As SIGSTOP: it takes connections (the kernel does), reads nothing and writes nothing. */
  stop(): void {
    this.stopped.stop();
  }

  /** As SIGCONT. */
  continue(): void {
    this.stopped.continue();
  }

  /** As kill -9: every connection breaks, nothing listens any more. */
  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.resetAndDestroy();
    await closed;
  }

  private async serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await readBytes(message).catch(() => null);
    if (message.url === '/health/liveliness') this.probes += 1;
    await this.stopped.untilContinued();
    if (!bytes) return;
    if (message.url === '/health/liveliness') return this.send(response, 200, "I'm alive!");
    const [path = '', query = ''] = (message.url ?? '').split('?');
    const method = message.method ?? '';
    const token = String(message.headers['x-signalbox-context'] ?? '');
    const verdict = verifyContext(this.keys, token, { method, path }, Date.now());
    if (!verdict.ok) {
      const error = {
        message: 'the signed context was refused',
        type: 'signalbox_context_error',
        param: 'None',
        code: '401',
      };
      return this.send(response, 401, { error });
    }
    const call = {
      method,
      path,
      query,
      headers: message.headers,
      bytes,
      context: verdict.payload,
      isAborted: false,
      sentBytes: 0,
    };
    this.calls.push(call);
    response.once('close', () => (call.isAborted = !response.writableFinished));
    response.setHeader('x-litellm-call-id', String(message.headers['x-litellm-call-id']));
    response.setHeader('x-litellm-version', version);
    response.setHeader('x-litellm-model-id', 'dep_1');
    response.setHeader('x-litellm-model-api-base', 'http://10.0.0.5:8000/v1');
    response.setHeader('x-litellm-key-spend', '1.5');
    response.setHeader('llm_provider-openai-organization', 'org-platform');
    response.setHeader('set-cookie', 'session=1');
    const behaviour = this.behaviourOf?.(call) ?? this.behaviour;
    await this.answer(call, response, behaviour).catch(() => response.destroy());
  }

  private async answer(
    call: LitellmCall,
    response: ServerResponse,
    told: LitellmBehaviour | null,
  ): Promise<void> {
    if (told?.kind === 'hang') return;
    if (told?.kind === 'reset') return void response.socket?.resetAndDestroy();
    if (told?.kind === 'error') {
      for (const [name, value] of Object.entries(told.headers ?? {})) response.setHeader(name, value);
      return this.send(response, told.status, told.body);
    }
    if (told?.kind === 'torn') {
      await write(response.writeHead(told.status, told.headers), told.body);
      return void response.socket?.resetAndDestroy();
    }
    if (told?.kind === 'served') return told.serve(parseJson(call.bytes), response);
    if (told?.kind === 'flood') return this.flood(call, response, told.bytes);
    const answerer = answerers[call.path.replace(/^\/(v1\/)?/, '')];
    if (!answerer) return this.send(response, 200, { ok: true });
    const answer = answerer(parseJson(call.bytes));
    if (answer.kind === 'json') return this.send(response, answer.status, answer.body);
    await this.stream(response, answer.events, told);
  }

  private async stream(
    response: ServerResponse,
    events: readonly string[],
    told: LitellmBehaviour | null,
  ): Promise<void> {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    const isCut = told?.kind === 'cut' || told?.kind === 'error_in_stream';
    for (const [index, event] of events.entries()) {
      if (response.destroyed) return;
      if (isCut && index >= told.afterEvents) break;
      await this.stopped.untilContinued();
      if (told?.kind === 'slow' && index > 0) await pause(told.everyMs);
      await write(response, event);
    }
    if (told?.kind === 'error_in_stream') {
      await write(
        response,
        'data: {"error": {"message": "upstream broke", "type": null, "code": "500"}}\n\n',
      );
    }
    if (told?.kind === 'cut' && told.how === 'reset') return void response.socket?.resetAndDestroy();
    response.end();
  }

  private async flood(call: LitellmCall, response: ServerResponse, totalBytes: number): Promise<void> {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    const event = `data: {"choices":[{"index":0,"delta":{"content":"${'x'.repeat(16_000)}"}}]}\n\n`;
    while (call.sentBytes < totalBytes && !response.destroyed) {
      call.sentBytes += event.length;
      if (!response.write(event))
        await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
    }
    response.end('data: [DONE]\n\n');
  }

  private send(response: ServerResponse, status: number, body: unknown): void {
    const bytes = Buffer.from(JSON.stringify(body));
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length });
    response.end(bytes);
  }
}
