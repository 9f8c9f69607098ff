import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

const allowedMethods = 'GET, HEAD, POST, OPTIONS';
/** What SDKs in browsers send, beside what browsers allow by themselves. */
const allowedHeaders = new Set([
  'accept',
  'anthropic-beta',
  'anthropic-dangerous-direct-browser-access',
  'anthropic-version',
  'authorization',
  'content-type',
  'idempotency-key',
  'openai-beta',
  'openai-organization',
  'openai-project',
  'x-api-key',
  'x-request-id',
]);
/** Of OpenAI's and Anthropic's SDKs: lang, os, runtime, retry-count, timeout and more to come. */
const sdkHeader = /^x-stainless-[a-z0-9-]{1,40}$/;
const headerLimit = 60;
/** Chromium remembers for at most two hours. */
const rememberSeconds = 7_200;

/** A browser's script sees no other headers. */
const exposedHeaders = [
  'request-id',
  'retry-after',
  'retry-after-ms',
  'x-litellm-version',
  'x-request-id',
  'x-should-retry',
  ...['limit', 'remaining', 'reset'].flatMap((what) =>
    ['requests', 'tokens'].map((unit) => `x-ratelimit-${what}-${unit}`),
  ),
  ...[
    'attempts',
    'credential-owner',
    'cross-vendor',
    'fallback',
    'model',
    'models',
    'power-level',
    'provider',
    'route',
  ].map((name) => `x-signalbox-${name}`),
].join(', ');

function headersToAllow(asked: string | undefined): string {
  const names = (asked ?? '').toLowerCase().split(',', headerLimit);
  return names
    .map((name) => name.trim())
    .filter((name) => allowedHeaders.has(name) || sdkHeader.test(name))
    .join(', ');
}

/**
 * Which web pages may call port 4000. Keys travel in headers that a page sets itself, so credentials (cookies) are never
 * allowed; with none configured no page may call.
 */
export class Cors {
  private readonly origins: ReadonlySet<string>;
  private readonly isOpen: boolean;

  constructor(origins: readonly string[]) {
    this.origins = new Set(origins);
    this.isOpen = this.origins.has('*');
  }

  /** Adds what the answer must say. @returns whether it was a preflight, which is answered with that */
  apply(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.origins.size === 0) return false;
    // The answer differs by origin, also for a request without one: caches have to know.
    if (!this.isOpen) response.setHeader('vary', 'Origin');
    const { origin } = request.headers;
    const isAllowed = origin !== undefined && (this.isOpen || this.origins.has(origin));
    if (!isAllowed) return false;
    response.setHeader('access-control-allow-origin', this.isOpen ? '*' : origin);
    if (request.method !== 'OPTIONS' || !request.headers['access-control-request-method']) {
      response.setHeader('access-control-expose-headers', exposedHeaders);
      return false;
    }
    response.writeHead(204, this.preflightHeaders(request)).end();
    return true;
  }

  private preflightHeaders(request: IncomingMessage): OutgoingHttpHeaders {
    const headers = headersToAllow(request.headers['access-control-request-headers']);
    return {
      allow: allowedMethods,
      'access-control-allow-methods': allowedMethods,
      ...(headers && { 'access-control-allow-headers': headers }),
      'access-control-max-age': String(rememberSeconds),
    };
  }
}
