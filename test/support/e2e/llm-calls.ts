import { randomBytes } from 'node:crypto';
import { Agent, request } from 'undici';
import type { ProviderStandIn, ReceivedRequest } from '../../stand-ins/provider.stand-in';
import { replyTo } from '../../stand-ins/provider-answers';
import { readPlainChat, readStreamedChat } from './chat-answer';

export const callKinds = ['chat', 'streamed chat', 'embeddings', 'responses', 'messages'] as const;
export type CallKind = (typeof callKinds)[number];

/** Which model each kind of call asks for. */
export type CallModels = Record<CallKind, string>;

export interface LlmCall {
  kind: CallKind;
  key: string;
  models: CallModels;
}

export interface CallOutcome {
  kind: CallKind;
  /** Stands in the request, and so in what the provider received: whose call it was. */
  marker: string;
  /** 0: the connection failed. */
  status: number;
  /** The gateway's own code; null: it is none of its errors. */
  code: string | null;
  /** null: a complete and right answer. */
  problem: string | null;
  startedAtMs: number;
  ms: number;
}

interface Route {
  path: string;
  body: (model: string, marker: string) => object;
  problem: (raw: string, marker: string) => string | null;
}

type Json = Record<string, unknown>;

function problemOfText(raw: string, textOf: (body: Json) => unknown, marker: string): string | null {
  const text = textOf(JSON.parse(raw) as Json);
  return text === replyTo(marker) ? null : `the answer says ${JSON.stringify(text)}`;
}

const userMessage = (content: string): object[] => [{ role: 'user', content }];
const first = (list: unknown): Json => (list as Json[] | undefined)?.[0] ?? {};

const routes: Record<CallKind, Route> = {
  chat: {
    path: '/v1/chat/completions',
    body: (model, marker) => ({ model, messages: userMessage(marker) }),
    problem: (raw, marker) => readPlainChat(raw, replyTo(marker)).problem,
  },
  'streamed chat': {
    path: '/v1/chat/completions',
    body: (model, marker) => ({ model, messages: userMessage(marker), stream: true }),
    problem: (raw, marker) => readStreamedChat(raw, replyTo(marker)).problem,
  },
  embeddings: {
    path: '/v1/embeddings',
    body: (model, marker) => ({ model, input: marker }),
    problem: (raw) => {
      const vector = first((JSON.parse(raw) as Json)['data'])['embedding'];
      return Array.isArray(vector) && vector.length > 0 ? null : 'the answer holds no embedding';
    },
  },
  responses: {
    path: '/v1/responses',
    body: (model, marker) => ({ model, input: marker }),
    problem: (raw, marker) =>
      problemOfText(raw, (body) => first(first(body['output'])['content'])['text'], marker),
  },
  messages: {
    path: '/v1/messages',
    body: (model, marker) => ({ model, max_tokens: 64, messages: userMessage(marker) }),
    problem: (raw, marker) => problemOfText(raw, (body) => first(body['content'])['text'], marker),
  },
};

const timeoutMs = 60_000;
const run = randomBytes(4).toString('hex');
const markerPattern = new RegExp(`mark-${run}-\\d+-end`, 'g');
let count = 0;

function nextMarker(): string {
  count += 1;
  return `mark-${run}-${count}-end`;
}

/** Calls of every kind through port 4000, each with a mark of its own. Nothing is retried. */
export class LlmCaller {
  readonly #agent = new Agent({ connections: 64, keepAliveTimeout: 10_000, pipelining: 1 });

  constructor(private readonly url: string) {}

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async call({ kind, key, models }: LlmCall): Promise<CallOutcome> {
    const marker = nextMarker();
    const startedAtMs = Date.now();
    const started = performance.now();
    const outcome = await this.#send(kind, key, models[kind], marker).catch((error: unknown) => {
      const problem = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      return { status: 0, code: null, problem };
    });
    return { kind, marker, startedAtMs, ms: performance.now() - started, ...outcome };
  }

  async #send(
    kind: CallKind,
    key: string,
    model: string,
    marker: string,
  ): Promise<Pick<CallOutcome, 'status' | 'code' | 'problem'>> {
    const route = routes[kind];
    const response = await request(`${this.url}${route.path}`, {
      method: 'POST',
      dispatcher: this.#agent,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(route.body(model, marker)),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const raw = await response.body.text();
    const code = response.headers['x-signalbox-error'];
    const problem = response.statusCode === 200 ? route.problem(raw, marker) : raw.slice(0, 400);
    return { status: response.statusCode, code: typeof code === 'string' ? code : null, problem };
  }
}

/** What reached the provider, by the mark of the call that it belongs to. */
export function receivedByMarker(
  provider: Pick<ProviderStandIn, 'calls'>,
): ReadonlyMap<string, ReceivedRequest[]> {
  const found = new Map<string, ReceivedRequest[]>();
  for (const received of provider.calls()) {
    const markers = new Set(JSON.stringify(received.body).match(markerPattern));
    for (const marker of markers) found.set(marker, [...(found.get(marker) ?? []), received]);
  }
  return found;
}
