import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type KeysAnswer,
  type KeysRequest,
  type KeysRoute,
  type KeysThere,
  keysRoutes,
  type KeyThere,
  noRoute,
} from './provider-keys.routes';

/** What goes wrong with the next request: before it has an effect, or after it. */
export type Mishap =
  | { kind: 'answer'; status: number; body?: unknown; headers?: Record<string, string> }
  | { kind: 'lost_answer' }
  | { kind: 'cut_answer' };

export interface SeenRequest {
  method: string;
  /** With the query. */
  path: string;
  body: unknown;
}

/**
 * The key management of OpenAI, OpenRouter, Fireworks, Perplexity and Anthropic, in their own wire shapes, each under a
 * path of its own: `<url>/openai/v1`, `<url>/openrouter/api/v1`, `<url>/fireworks`, `<url>/perplexity`, `<url>/anthropic`.
 */
export class ProviderKeysStandIn implements KeysThere {
  static readonly adminKey = 'sk-admin-0123456789abcdef';
  readonly keys: KeyThere[] = [];
  readonly seen: SeenRequest[] = [];
  readonly mishaps: Mishap[] = [];
  /** Of lists; small, so that tests see more than one page. OpenRouter's is 100 and fixed. */
  pageSize = 100;
  private count = 0;

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => void this.serve(request, response));
  }

  static async start(): Promise<ProviderKeysStandIn> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ProviderKeysStandIn(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  add(name: string, secret?: string): KeyThere {
    this.count += 1;
    const id = `id_${this.count}`;
    const key = {
      id,
      name,
      secret: secret ?? `sk-made-${this.count}-0123456789abcdef`,
      isActive: true,
      isDeleted: false,
    };
    this.keys.push(key);
    return key;
  }

  find(id: string | undefined): KeyThere | undefined {
    return this.keys.find((key) => key.id === id && !key.isDeleted);
  }

  living(name: string): KeyThere[] {
    return this.keys.filter((key) => key.name === name && key.isActive && !key.isDeleted);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = await read(request);
    this.seen.push({ method: asked.method, path: asked.path + asked.query.toString(), body: asked.body });
    const mishap = this.mishaps.shift();
    if (mishap?.kind === 'answer') return send(response, { headers: {}, body: { error: {} }, ...mishap });
    const answer = this.answerTo(asked);
    if (mishap?.kind === 'lost_answer') return void request.socket.destroy();
    if (mishap?.kind === 'cut_answer') return void response.writeHead(200).end('{"id": "id_');
    send(response, answer);
  }

  private answerTo(asked: KeysRequest): KeysAnswer {
    for (const route of keysRoutes) {
      const match = route.method === asked.method ? route.path.exec(asked.path) : null;
      if (!match) continue;
      return this.isAllowed(route, asked)
        ? route.answer(this, asked, match.slice(1))
        : {
            status: 401,
            body: { error: { code: 'invalid_api_key', message: 'Incorrect API key provided.' } },
          };
    }
    return noRoute;
  }

  private isAllowed({ auth }: KeysRoute, { headers }: KeysRequest): boolean {
    if (auth === 'x-api-key')
      return headers['x-api-key'] === ProviderKeysStandIn.adminKey && Boolean(headers['anthropic-version']);
    const given = headers.authorization?.replace(/^Bearer /, '');
    if (auth === 'admin') return given === ProviderKeysStandIn.adminKey;
    return this.keys.some(({ secret, isActive }) => isActive && secret === given);
  }
}

async function read(request: IncomingMessage): Promise<KeysRequest> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const url = new URL(request.url ?? '/', 'http://provider');
  return {
    method: request.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

function send(response: ServerResponse, { status, body, headers }: KeysAnswer): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? {});
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
}
