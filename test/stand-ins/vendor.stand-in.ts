import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonRecord } from './provider-answers';
import { hashOfKey } from './provider.stand-in';
import { type Answer, type Dialect, dialects } from './provider-validation.answers';
import { anthropic } from './vendor-anthropic';
import { cohere } from './vendor-cohere';
import { google } from './vendor-google';
import { ollama } from './vendor-ollama';
import * as openaiDialect from './vendor-openai';
import type { Vendor, VendorFault, VendorName, VendorReply } from './vendor.types';

const { openaiCompatible: openai_compatible, ...likeOpenai } = openaiDialect;
export const vendors = {
  ...likeOpenai,
  openai_compatible,
  anthropic,
  google,
  cohere,
  ollama,
} as const satisfies Record<VendorName, Vendor>;
export const vendorNames = Object.keys(vendors) as VendorName[];

export interface VendorRequest {
  readonly vendor: VendorName;
  readonly method: string;
  readonly path: string;
  readonly keyHash: string | null;
  readonly status: number;
}

/** Put into a prompt, it makes the vendor fail that way: for servers that look at no key. */
export function faultMark(fault: VendorFault): string {
  return `[[${fault}]]`;
}

/**
 * Every vendor at one address, each below its own name, in its own wire format: `/<vendor><base path>/...`. Keys that nobody told of are
 * wrong, but where a server looks at none.
 */
export class VendorStandIn {
  readonly requests: VendorRequest[] = [];
  readonly #keys = new Map<string, VendorFault | 'good'>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  /** @param port 0: any free one */
  static async start(port = 0): Promise<VendorStandIn> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return new VendorStandIn(server);
  }

  /** What a user would give as the vendor's base URL. */
  baseUrl(vendor: VendorName): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${vendor}${vendors[vendor].basePath}`;
  }

  /** What becomes of calls with that key. */
  setKey(key: string, state: VendorFault | 'good'): void {
    this.#keys.set(hashOfKey(key), state);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const [, name = ''] = url.pathname.split('/');
    if (!isVendor(name)) return send(response, notFound);
    const body = await readBody(request);
    const key = keyOf(request, vendors[name]);
    const reply = this.#replyOf(name, request, key, body);
    this.requests.push({
      vendor: name,
      method: request.method ?? '',
      path: url.pathname,
      keyHash: key === null ? null : hashOfKey(key),
      status: reply.status,
    });
    send(response, reply);
  }

  #replyOf(name: VendorName, request: IncomingMessage, key: string | null, body: JsonRecord): VendorReply {
    const { method = 'GET', headers } = request;
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const vendor: Vendor = vendors[name];
    const dialect: Dialect = dialects[name];
    const below = url.pathname.slice(name.length + 1);
    const state =
      (key === null ? undefined : this.#keys.get(hashOfKey(key))) ?? (vendor.isOpen ? 'good' : 'refused');
    if (method === dialect.method && below === dialect.path) {
      return state === 'refused' ? asReply(dialect.badKey) : asReply({ status: 200, body: dialect.good });
    }
    if (vendor.isOpen && livenessPaths.has(below)) return { status: 200, body: {} };
    const prompt = promptOf(body);
    const marked = /\[\[(refused|limited|tooLong|overloaded)\]\]/.exec(prompt)?.[1] as
      VendorFault | undefined;
    const fault = marked ?? (state === 'good' ? null : state);
    const path = below.slice(vendor.basePath.length);
    const answer =
      method === 'POST'
        ? vendor.answer({ path, query: url.searchParams, body, prompt, accept: headers.accept ?? '' })
        : null;
    if (answer === null) return notFound;
    return fault === null ? answer : vendor.faults[fault];
  }
}

/** vLLM's and Ollama's, which look at no key. */
const livenessPaths: ReadonlySet<string> = new Set(['/health', '/api/version']);

const notFound: VendorReply = { status: 404, body: { error: { message: 'Not Found' } } };

function isVendor(name: string): name is VendorName {
  return Object.hasOwn(vendors, name);
}

function asReply({ status, body, headers }: Answer): VendorReply {
  const isText = typeof body === 'string';
  return { status, body, headers: headers ?? {}, ...(isText ? { contentType: 'text/html' } : {}) };
}

/** Anthropic takes both headers; its newer SDKs send the other one. */
function keyOf({ headers }: IncomingMessage, { keyHeader }: Vendor): string | null {
  const plain = keyHeader === 'authorization' ? undefined : headers[keyHeader];
  if (typeof plain === 'string') return plain;
  return /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? null;
}

/** The text of the last message, in whichever dialect. */
function promptOf(body: JsonRecord): string {
  const list = (body['messages'] ?? body['contents']) as JsonRecord[] | undefined;
  const last = list?.at(-1);
  const parts = last?.['content'] ?? last?.['parts'];
  if (typeof parts === 'string') return parts;
  return Array.isArray(parts) ? parts.map(({ text }: { text?: string }) => text ?? '').join('') : '';
}

async function readBody(request: IncomingMessage): Promise<JsonRecord> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as JsonRecord;
  } catch {
    return {};
  }
}

function send(
  response: ServerResponse,
  { status, headers = {}, body, events, contentType }: VendorReply,
): void {
  const isText = typeof body === 'string';
  response.writeHead(status, { 'content-type': contentType ?? 'application/json', ...headers });
  if (!events) return void response.end(isText ? body : JSON.stringify(body));
  for (const event of events) response.write(event);
  response.end();
}
