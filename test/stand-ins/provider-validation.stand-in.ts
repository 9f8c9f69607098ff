import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { type Answer, type Dialect, type DialectName, dialects } from './provider-validation.answers';

/** What a key is worth. Unknown ones are bad. */
export type KeyState = 'good' | 'bad' | 'outOfCredit' | 'forbidden';

export type Fault =
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** Nothing ever comes. */
  | { readonly kind: 'hang' }
  /** The connection ends without an answer. */
  | { readonly kind: 'reset' }
  /** The good answer, its JSON cut off in the middle. */
  | { readonly kind: 'truncated' };

const answers = (status: number, body: unknown, headers: Record<string, string> = {}): Fault => ({
  kind: 'answer',
  answer: { status, body, headers },
});

/** Every way in which a check can go wrong that is not the key's fault. */
export const faults = {
  rateLimited: answers(
    429,
    { error: { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' } },
    { 'retry-after': '17' },
  ),
  internalError: answers(500, { error: { message: 'The server had an error', type: 'server_error' } }),
  overloaded: answers(529, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
  badGateway: answers(502, '<html>Bad Gateway</html>', { 'content-type': 'text/html' }),
  timeout: answers(408, { error: { message: 'timed out' } }),
  html: answers(200, '<!doctype html><title>Sign in to the network</title>', { 'content-type': 'text/html' }),
  oddShape: answers(200, { hello: 'world' }),
  emptyBody: answers(200, ''),
  errorInside200: answers(200, { error: { code: 502, message: 'Provider returned error' } }),
  redirect: answers(302, '', { location: 'http://169.254.169.254/latest/meta-data' }),
  notFound: answers(404, { error: { message: 'Not Found' } }),
  teapot: answers(418, { error: { message: 'short and stout' } }),
  forbiddenByFirewall: answers(403, '<html><title>Access denied | Cloudflare</title></html>', {
    'content-type': 'text/html',
  }),
  hang: { kind: 'hang' },
  reset: { kind: 'reset' },
  truncated: { kind: 'truncated' },
} as const satisfies Record<string, Fault>;

export interface ReceivedProbe {
  readonly provider: string;
  readonly method: string;
  /** With the query: a key in it would be a defect. */
  readonly url: string;
  /** null: none came. The key itself is not kept. */
  readonly keyHash: string | null;
}

interface Rule {
  readonly fault: Fault;
  readonly provider: DialectName | undefined;
  times: number;
}

export function hashOfKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** Speaks the route by which each provider checks a key: `/<kind><path>`. It keeps only hashes of the keys that reach it. */
export class ProviderValidationStandIn {
  readonly requests: ReceivedProbe[] = [];
  /** How many requests there were at the same time. */
  mostAtOnce = 0;
  #atOnce = 0;
  readonly #keys = new Map<string, KeyState>();
  readonly #open = new Set<string>();
  readonly #server: Server;
  #rules: Rule[] = [];
  #answer: Answer | null = null;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => this.#serve(request, response));
  }

  /** @param port 0: any free one */
  static async start(port = 0): Promise<ProviderValidationStandIn> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return new ProviderValidationStandIn(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What a user would give as the base URL of such a provider. */
  baseUrl(provider: DialectName): string {
    return `${this.origin}/${provider}${dialects[provider].basePath}`;
  }

  setKey(key: string, state: KeyState): void {
    this.#keys.set(hashOfKey(key), state);
  }

  /** The provider's server is run without keys. */
  openTo(provider: DialectName): void {
    this.#open.add(provider);
  }

  /** The next requests, as often as told (without end if left out), whatever their key. */
  misbehave(fault: Fault, options: { provider?: DialectName; times?: number } = {}): void {
    this.#rules.push({ fault, provider: options.provider, times: options.times ?? Infinity });
  }

  /** The answer to good keys, in place of the usual one. */
  answerGood(answer: Answer): void {
    this.#answer = answer;
  }

  /** Forgets rules, keys and requests. */
  reset(): void {
    this.#rules = [];
    this.#keys.clear();
    this.#open.clear();
    this.#answer = null;
    this.requests.length = 0;
    this.mostAtOnce = 0;
  }

  countOf(key: string): number {
    return this.requests.filter(({ keyHash }) => keyHash === hashOfKey(key)).length;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    response.once('close', () => (this.#atOnce -= 1));
    const url = request.url ?? '';
    const [, provider = '', rest = ''] = /^\/([a-z_]+)([^?]*)/.exec(url) ?? [];
    const dialect: Dialect | undefined = Object.hasOwn(dialects, provider)
      ? dialects[provider as DialectName]
      : undefined;
    const keyHash = keyHashOf(request);
    this.requests.push({ provider, method: request.method ?? '', url, keyHash });
    const fault = this.#faultFor(provider);
    if (fault) return misbehave(response, fault, dialect);
    send(response, dialect ? this.#answerTo(dialect, provider, request.method, rest, keyHash) : notFound);
  }

  #answerTo(
    dialect: Dialect,
    provider: string,
    method: string | undefined,
    path: string,
    keyHash: string | null,
  ): Answer {
    if (dialect.publicPaths?.includes(path)) return { status: 200, body: { data: [] } };
    if (method !== dialect.method || path !== dialect.path) return notFound;
    const good = this.#answer ?? { status: 200, body: dialect.good };
    if (this.#open.has(provider)) return good;
    const state = (keyHash === null ? undefined : this.#keys.get(keyHash)) ?? 'bad';
    return state === 'good' ? good : state === 'bad' ? dialect.badKey : dialect[state];
  }

  #faultFor(provider: string): Fault | null {
    const rule = this.#rules.find((known) => known.times > 0 && (known.provider ?? provider) === provider);
    if (!rule) return null;
    rule.times -= 1;
    return rule.fault;
  }
}

const notFound: Answer = { status: 404, body: { error: { message: 'Not Found', code: 404 } } };

function keyHashOf({ headers }: IncomingMessage): string | null {
  const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  const key = bearer ?? headers['x-api-key'] ?? headers['x-goog-api-key'];
  return typeof key === 'string' ? hashOfKey(key) : null;
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
}

function misbehave(response: ServerResponse, fault: Fault, dialect: Dialect | undefined): void {
  switch (fault.kind) {
    case 'hang':
      return;
    case 'reset':
      return void response.destroy();
    case 'truncated':
      return send(response, { status: 200, body: JSON.stringify(dialect?.good ?? {}).slice(0, -3) });
    case 'answer':
      return send(response, fault.answer);
  }
}

/** Answers a TLS greeting with something that is no TLS. @returns its https:// address, and how to end it */
export async function startBrokenTls(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end('this is not the protocol that you are looking for\r\n'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
