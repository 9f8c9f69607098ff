import { createHash } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import * as answers from './provider-answers';
import type { JsonRecord, ProviderAnswer } from './provider-answers';

/** A request as it arrived: above all, with which key. */
export interface ReceivedRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** What came as `Authorization: Bearer` or `x-api-key`. */
  apiKey: string | null;
  /** SHA-256 of it in hex: what reports may show. */
  keyHash: string | null;
  model: string | null;
  body: JsonRecord;
  receivedAtMs: number;
  /** The caller closed the connection before the answer was complete. */
  isAborted: boolean;
}

export type Behaviour =
  | { kind: 'error'; status: number; message?: string; retryAfterSeconds?: number }
  /** The connection stays open and nothing ever comes. */
  | { kind: 'hang' }
  /** The connection ends without an answer. */
  | { kind: 'reset' }
  /** Before the answer, and, for a stream, between its events. */
  | { kind: 'slow'; firstAfterMs?: number; everyMs: number }
  /** A stream whose connection breaks after so many events; a plain answer breaks in the middle of its body. */
  | { kind: 'cut'; afterEvents: number; everyMs?: number };

export interface Rule {
  behaviour: Behaviour;
  /** Which requests; all if left out. */
  when?: (request: ReceivedRequest) => boolean;
  /** How often; without end if left out. */
  times?: number;
}

const maxBodyBytes = 10 * 1024 * 1024;

async function readBody(request: IncomingMessage): Promise<JsonRecord> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
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

function apiKeyOf(headers: IncomingHttpHeaders): string | null {
  const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  const plain = headers['x-api-key'];
  return bearer ?? (typeof plain === 'string' ? plain : null);
}

export function hashOfKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** Both vendors serve GET /v1/models; only Anthropic's clients send x-api-key. */
function dialectOf({ path, headers }: ReceivedRequest): 'openai' | 'anthropic' {
  return path.startsWith('/v1/messages') || 'x-api-key' in headers ? 'anthropic' : 'openai';
}

type Answerer = (body: JsonRecord) => ProviderAnswer;

const routes: Record<string, Answerer> = {
  'POST /v1/chat/completions': answers.chatAnswer,
  'POST /v1/completions': answers.completionAnswer,
  'POST /v1/responses': answers.responsesAnswer,
  'POST /v1/embeddings': answers.embeddingsAnswer,
  'POST /v1/images/generations': answers.imageAnswer,
  'POST /v1/messages': answers.messagesAnswer,
  'POST /v1/messages/count_tokens': answers.countTokensAnswer,
  'GET /v1/models': () => answers.modelsAnswer(['stand-in']),
};

/**
 * A provider on the loopback interface that speaks OpenAI's and Anthropic's dialects, remembers what reached it and
 * misbehaves as told. Judged by the vendors' own SDKs in provider.stand-in.spec.ts.
 */
export class ProviderStandIn {
  readonly requests: ReceivedRequest[] = [];
  #rules: Rule[] = [];
  /** null: every key, and none at all, is good enough. */
  #accepted: Set<string> | null = null;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  /** @param port 0: any free one */
  static async start(port = 0): Promise<ProviderStandIn> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return new ProviderStandIn(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** For deployments in Anthropic's dialect. */
  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** For deployments in OpenAI's dialect. */
  get baseUrl(): string {
    return `${this.origin}/v1`;
  }

  /** The first rule that fits decides. */
  misbehave(behaviour: Behaviour, { when, times }: Omit<Rule, 'behaviour'> = {}): void {
    this.#rules.push({ behaviour, when, times });
  }

  behave(): void {
    this.#rules = [];
  }

  /** From now on these keys and no others; a request with another one, or none, gets the vendor's own 401. */
  acceptOnly(keys: readonly string[]): void {
    this.#accepted = new Set(keys.map(hashOfKey));
  }

  accept(key: string): void {
    this.#accepted?.add(hashOfKey(key));
  }

  /** As when its owner revoked it at the vendor. */
  refuse(key: string): void {
    this.#accepted?.delete(hashOfKey(key));
  }

  acceptAll(): void {
    this.#accepted = null;
  }

  /** Calls of models, without the look at /models that LiteLLM takes when it starts. */
  calls(): ReceivedRequest[] {
    return this.requests.filter(({ method }) => method === 'POST');
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const received = await this.#receive(message).catch(() => null);
    if (!received) return void response.destroy();
    response.once('close', () => (received.isAborted = !response.writableFinished));
    const behaviour = this.#behaviourFor(received);
    try {
      await this.#answer(received, response, behaviour);
    } catch {
      response.destroy();
    }
  }

  async #receive(message: IncomingMessage): Promise<ReceivedRequest> {
    const body = await readBody(message);
    const apiKey = apiKeyOf(message.headers);
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

  #behaviourFor(received: ReceivedRequest): Behaviour | null {
    const rule = this.#rules.find(({ when, times }) => (times ?? 1) > 0 && (when?.(received) ?? true));
    if (!rule) return null;
    if (rule.times !== undefined) rule.times -= 1;
    return rule.behaviour;
  }

  async #answer(
    received: ReceivedRequest,
    response: ServerResponse,
    behaviour: Behaviour | null,
  ): Promise<void> {
    if (behaviour?.kind === 'hang') return;
    if (behaviour?.kind === 'reset') return void response.destroy();
    if (behaviour?.kind === 'error') return this.#fail(received, response, behaviour);
    if (!this.#isAccepted(received)) return this.#refuse(received, response);
    const answerer = routes[`${received.method} ${received.path}`];
    const answer = answerer
      ? answerer(received.body)
      : answers.errorAnswer('openai', 404, `the stand-in does not serve ${received.path}`);
    const slow = behaviour?.kind === 'slow' ? behaviour : null;
    if (slow) await pause(slow.firstAfterMs ?? slow.everyMs);
    const cut = behaviour?.kind === 'cut' ? behaviour : null;
    if (answer.kind === 'json') return sendJson(response, answer, cut !== null);
    const everyMs = slow?.everyMs ?? cut?.everyMs ?? 0;
    await sendStream(response, answer.events, everyMs, cut?.afterEvents ?? Infinity);
  }

  #isAccepted({ keyHash }: ReceivedRequest): boolean {
    return this.#accepted === null || (keyHash !== null && this.#accepted.has(keyHash));
  }

  /** In the vendors' own words, with the key's last characters as OpenAI shows them. */
  #refuse(received: ReceivedRequest, response: ServerResponse): void {
    const dialect = dialectOf(received);
    const shown = `****${received.apiKey?.slice(-4) ?? ''}`;
    const message =
      dialect === 'anthropic'
        ? 'invalid x-api-key'
        : `Incorrect API key provided: ${shown}. You can find your API key at https://platform.openai.com/account/api-keys.`;
    const answer = answers.errorAnswer(dialect, 401, message);
    if (answer.kind === 'json') sendJson(response, answer, false);
  }

  #fail(received: ReceivedRequest, response: ServerResponse, fault: Behaviour & { kind: 'error' }): void {
    const dialect = dialectOf(received);
    const message = fault.message ?? `the stand-in answers ${fault.status} as told`;
    const answer = answers.errorAnswer(dialect, fault.status, message);
    if (fault.retryAfterSeconds !== undefined)
      response.setHeader('retry-after', String(fault.retryAfterSeconds));
    if (answer.kind === 'json') sendJson(response, answer, false);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function sendJson(response: ServerResponse, answer: ProviderAnswer & { kind: 'json' }, isCut: boolean): void {
  const body = Buffer.from(JSON.stringify(answer.body));
  response.writeHead(answer.status, { 'content-type': 'application/json', 'content-length': body.length });
  if (!isCut) return void response.end(body);
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
}

async function sendStream(
  response: ServerResponse,
  events: readonly string[],
  everyMs: number,
  cutAfter: number,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  for (const [index, event] of events.entries()) {
    if (response.destroyed) return;
    if (index >= cutAfter) return void response.destroy();
    if (index > 0 && everyMs > 0) await pause(everyMs);
    await new Promise<void>((resolve) => response.write(event, () => resolve()));
  }
  response.end();
}
