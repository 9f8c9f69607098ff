import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CatalogueModel, endpointsOf, generateCatalogue } from './openrouter-catalogue.models';

export type CatalogueFault =
  | { kind: 'rate_limit'; retryAfterSeconds: number }
  | { kind: 'status'; status: number }
  /** A 200 with an error in its body. */
  | { kind: 'error_in_200' }
  | { kind: 'html' }
  /** JSON that ends too early, though the connection ends as it should. */
  | { kind: 'truncated' }
  /** The connection breaks in the middle of the answer. */
  | { kind: 'cut' }
  | { kind: 'reset' }
  | { kind: 'slow'; ms: number }
  | { kind: 'too_large'; bytes: number }
  | { kind: 'body'; body: unknown };

interface Rule {
  readonly fault: CatalogueFault;
  readonly path: RegExp;
  times: number;
}

const textModels = ({ architecture }: CatalogueModel): boolean =>
  architecture.output_modalities.includes('text');

/** OpenRouter's public catalogue on the loopback interface: it pages, limits and fails as told. */
export class OpenrouterCatalogueStandIn {
  models: CatalogueModel[];
  /** Paths with queries, in the order in which they came. */
  readonly requests: string[] = [];
  /** Answers with everything, whatever page was asked for. */
  knowsPages = true;
  /** Whether it says how many there are. */
  saysTotal = true;
  /** No page has more, whatever was asked for. */
  maxPageSize = 1_000;
  /** At most that many requests are at work at the same time; what was seen. */
  mostAtOnce = 0;
  #atOnce = 0;
  #rules: Rule[] = [];
  readonly #server: Server;

  private constructor(server: Server, models: CatalogueModel[]) {
    this.#server = server;
    this.models = models;
    server.on('request', (request, response) => void this.#serve(request.url ?? '/', response));
  }

  static async start(models = generateCatalogue(), port = 0): Promise<OpenrouterCatalogueStandIn> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return new OpenrouterCatalogueStandIn(server, models);
  }

  /** For SIGNALBOX_OPENROUTER_URL. */
  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/v1`;
  }

  /** The first rule that fits decides. */
  misbehave(fault: CatalogueFault, { path = /./, times = Number.POSITIVE_INFINITY } = {}): void {
    this.#rules.push({ fault, path, times });
  }

  behave(): void {
    this.#rules = [];
    this.knowsPages = true;
    this.saysTotal = true;
    this.maxPageSize = 1_000;
    this.requests.length = 0;
    this.mostAtOnce = 0;
  }

  model(id: string): CatalogueModel {
    const found = this.models.find((model) => model.id === id);
    if (!found) throw new Error(`the stand-in has no ${id}`);
    return found;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(path: string, response: ServerResponse): Promise<void> {
    this.requests.push(path);
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    response.once('close', () => (this.#atOnce -= 1));
    const rule = this.#rules.find((one) => one.times > 0 && one.path.test(path));
    if (!rule) return this.#answer(path, response);
    rule.times -= 1;
    const { fault } = rule;
    if (fault.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.ms));
    if (fault.kind === 'slow') return this.#answer(path, response);
    misbehaveNow(fault, JSON.stringify(this.#page(new URL(path, this.baseUrl))), response);
  }

  #answer(path: string, response: ServerResponse): void {
    const url = new URL(path, this.baseUrl);
    const [, id] = /^\/api\/v1\/models\/(.+)\/endpoints$/.exec(url.pathname) ?? [];
    if (id !== undefined) return this.#endpoints(decodeURIComponent(id), response);
    if (url.pathname === '/api/v1/models') return sendJson(response, 200, this.#page(url));
    sendJson(response, 404, errorBody(404, 'Not Found'));
  }

  #endpoints(id: string, response: ServerResponse): void {
    const model = this.models.find((one) => one.id === id);
    if (!model) return sendJson(response, 404, errorBody(404, 'Model not found'));
    const { name, created, description, architecture } = model;
    const data = { id, name, created, description, architecture, endpoints: endpointsOf(model) };
    sendJson(response, 200, { data });
  }

  #page({ searchParams }: URL): unknown {
    const isAll = searchParams.get('output_modalities') === 'all';
    const models = isAll ? this.models : this.models.filter(textModels);
    const offset = this.knowsPages ? Number(searchParams.get('offset') ?? 0) : 0;
    const asked = Number(searchParams.get('limit') ?? this.maxPageSize);
    const limit = this.knowsPages ? Math.min(asked, this.maxPageSize) : models.length;
    const data = models.slice(offset, offset + limit);
    const hasNext = offset + data.length < models.length;
    const next = hasNext ? `/api/v1/models?offset=${offset + data.length}&limit=${limit}` : null;
    return { data, ...(this.saysTotal ? { total_count: models.length } : {}), links: { next } };
  }
}

function errorBody(code: number, message: string): object {
  return { error: { code, message }, user_id: null };
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
}

function misbehaveNow(
  fault: Exclude<CatalogueFault, { kind: 'slow' }>,
  body: string,
  response: ServerResponse,
): void {
  switch (fault.kind) {
    case 'rate_limit':
      response.setHeader('retry-after', String(fault.retryAfterSeconds));
      return sendJson(response, 429, errorBody(429, 'Rate limit exceeded'));
    case 'status':
      return sendJson(response, fault.status, errorBody(fault.status, 'Internal Server Error'));
    case 'error_in_200':
      return sendJson(response, 200, errorBody(502, 'Upstream failed'));
    case 'html':
      return void response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!DOCTYPE html><html><title>Just a moment...</title></html>');
    case 'truncated':
      return void response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(body.slice(0, body.length / 2));
    case 'cut':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
      return void response.write(body.slice(0, body.length / 2), () => response.destroy());
    case 'reset':
      return void response.destroy();
    case 'too_large':
      return void response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(`{"data": [], "padding": "${' '.repeat(fault.bytes)}"}`);
    case 'body':
      return sendJson(response, 200, fault.body);
  }
}
