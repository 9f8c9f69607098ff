import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as openrouter from './openrouter-answers';
import type { OpenrouterError } from './openrouter-answers';
import * as answers from './provider-answers';
import type { JsonRecord, ProviderAnswer } from './provider-answers';
import { hashOfKey, type ReceivedRequest } from './provider.stand-in';

export type OpenrouterBehaviour =
  | ({ kind: 'error'; retryAfterSeconds?: number } & OpenrouterError)
  /** A 200 whose first event is an error; a plain answer is a 200 with an error in its body. */
  | ({ kind: 'error_first' } & OpenrouterError)
  /** A stream that ends with an error chunk after so many data events. */
  | ({ kind: 'error_in_stream'; afterEvents: number } & OpenrouterError)
  | { kind: 'hang' }
  | { kind: 'reset' }
  /** Comments for so long, then the answer, with a pause between its events. */
  | { kind: 'slow'; firstAfterMs?: number; everyMs: number }
  /** The connection breaks after so many data events, or in the middle of a plain answer. */
  | { kind: 'cut'; afterEvents: number };

export interface OpenrouterRule {
  behaviour: OpenrouterBehaviour;
  /** Which requests; all if left out. */
  when?: ((request: ReceivedRequest) => boolean) | undefined;
  /** How often; without end if left out. */
  times?: number | undefined;
}

type Answerer = (body: JsonRecord, generationId: string) => ProviderAnswer;

const routes: Record<string, Answerer> = {
  'POST /api/v1/chat/completions': openrouter.chatAnswer,
  'POST /api/v1/responses': answers.responsesAnswer,
  'POST /api/v1/messages': answers.messagesAnswer,
  'POST /api/v1/embeddings': answers.embeddingsAnswer,
};
const maxBodyBytes = 20 * 1024 * 1024;
const commentEveryMs = 20;

async function readBody(message: IncomingMessage): Promise<JsonRecord> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new Error('the stand-in takes no body of this size');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as JsonRecord;
  } catch {
    return {};
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function write(response: ServerResponse, text: string): Promise<void> {
  return new Promise((resolve) => response.write(text, () => resolve()));
}

/**
 * OpenRouter on the loopback interface: its routes below /api/v1, its comments, costs and errors. It remembers what reached it and
 * misbehaves as told. Judged by the vendors' own SDKs in openrouter.stand-in.spec.ts.
 */
export class OpenrouterStandIn {
  readonly requests: ReceivedRequest[] = [];
  #rules: OpenrouterRule[] = [];
  /** null: every key is good enough; none at all never is. */
  #accepted: Set<string> | null = null;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  /** @param port 0: any free one */
  static async start(port = 0): Promise<OpenrouterStandIn> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return new OpenrouterStandIn(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** For SIGNALBOX_OPENROUTER_URL, base URLs of deployments and OpenAI's SDKs. Anthropic's want it without /v1. */
  get baseUrl(): string {
    return `${this.origin}/api/v1`;
  }

  /** The first rule that fits decides. */
  misbehave(behaviour: OpenrouterBehaviour, { when, times }: Omit<OpenrouterRule, 'behaviour'> = {}): void {
    this.#rules.push({ behaviour, when, times });
  }

  behave(): void {
    this.#rules = [];
  }

  /** From now on these keys and no others. */
  acceptOnly(keys: readonly string[]): void {
    this.#accepted = new Set(keys.map(hashOfKey));
  }

  acceptAll(): void {
    this.#accepted = null;
  }

  /** Calls of models, without looks at /key. */
  calls(): ReceivedRequest[] {
    return this.requests.filter(({ method }) => method === 'POST');
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const received = await this.#receive(message);
      response.once('close', () => (received.isAborted = !response.writableFinished));
      await this.#answer(received, response);
    } catch {
      response.destroy();
    }
  }

  async #receive(message: IncomingMessage): Promise<ReceivedRequest> {
    const body = await readBody(message);
    const apiKey = /^Bearer (.+)$/.exec(message.headers.authorization ?? '')?.[1] ?? null;
    const received: ReceivedRequest = {
      method: message.method ?? '',
      path: (message.url ?? '').split('?')[0] ?? '',
      headers: message.headers,
      apiKey,
      keyHash: apiKey === null ? null : hashOfKey(apiKey),
      model: typeof body['model'] === 'string' ? body['model'] : null,
      body,
      receivedAtMs: Date.now(),
      isAborted: false,
    };
    this.requests.push(received);
    return received;
  }

  #behaviourFor(received: ReceivedRequest): OpenrouterBehaviour | null {
    const rule = this.#rules.find(({ when, times }) => (times ?? 1) > 0 && (when?.(received) ?? true));
    if (rule?.times !== undefined) rule.times -= 1;
    return rule?.behaviour ?? null;
  }

  #refusalOf({ keyHash }: ReceivedRequest): OpenrouterError | null {
    if (keyHash === null) return { code: 401, message: 'Missing Authentication header' };
    const isKnown = this.#accepted === null || this.#accepted.has(keyHash);
    return isKnown ? null : { code: 401, message: 'User not found.' };
  }

  async #answer(received: ReceivedRequest, response: ServerResponse): Promise<void> {
    const { method, path, body } = received;
    const behaviour = this.#behaviourFor(received);
    if (behaviour?.kind === 'hang') return;
    if (behaviour?.kind === 'reset') return void response.destroy();
    if (behaviour?.kind === 'error') return fail(response, path, behaviour, behaviour.retryAfterSeconds);
    const refusal = this.#refusalOf(received);
    if (refusal) return fail(response, path, refusal);
    if (method === 'GET' && path === '/api/v1/key') return sendJson(response, 200, openrouter.keyAnswer());
    const answerer = routes[`${method} ${path}`];
    if (!answerer) return fail(response, path, { code: 404, message: `the stand-in has no ${path}` });
    if (received.model === null) return fail(response, path, { code: 400, message: 'No models provided' });
    const id = openrouter.newGenerationId();
    response.setHeader('x-generation-id', id);
    const answer = answerer(body, id);
    if (answer.kind === 'stream') return stream(response, answer.events, behaviour, received, id);
    if (behaviour?.kind === 'error_first')
      return sendJson(response, 200, openrouter.errorBodyFor(path, behaviour));
    if (behaviour?.kind === 'slow') await pause(behaviour.firstAfterMs ?? behaviour.everyMs);
    sendJson(response, answer.status, answer.body, behaviour?.kind === 'cut');
  }
}

function fail(
  response: ServerResponse,
  path: string,
  error: OpenrouterError,
  retryAfterSeconds?: number,
): void {
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
  sendJson(response, error.code, openrouter.errorBodyFor(path, error));
}

function sendJson(response: ServerResponse, status: number, value: JsonRecord, isCut = false): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
  if (!isCut) return void response.end(body);
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
}

async function commentsFor(response: ServerResponse, ms: number): Promise<void> {
  const untilMs = Date.now() + ms;
  while (Date.now() < untilMs && !response.destroyed) {
    await write(response, openrouter.processingComment);
    await pause(Math.min(commentEveryMs, ms));
  }
}

async function stream(
  response: ServerResponse,
  events: readonly string[],
  behaviour: OpenrouterBehaviour | null,
  { body }: ReceivedRequest,
  id: string,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  if (behaviour?.kind === 'error_first') return void response.end(openrouter.firstEventError(behaviour));
  const everyMs = behaviour?.kind === 'slow' ? behaviour.everyMs : 0;
  if (behaviour?.kind === 'slow') await commentsFor(response, behaviour.firstAfterMs ?? 0);
  let dataEvents = 0;
  for (const event of events) {
    if (response.destroyed) return;
    if (behaviour?.kind === 'cut' && dataEvents >= behaviour.afterEvents) return void response.destroy();
    if (behaviour?.kind === 'error_in_stream' && dataEvents >= behaviour.afterEvents)
      return void response.end(openrouter.midStreamError(body, id, behaviour));
    if (dataEvents > 0 && everyMs > 0) await pause(everyMs);
    await write(response, event);
    if (!event.startsWith(':')) dataEvents += 1;
  }
  response.end();
}
