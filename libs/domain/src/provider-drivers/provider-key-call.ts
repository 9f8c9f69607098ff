import { isRecord } from '@signalbox/common';
import { EgressError, forbiddenReasons, guardedFetch, type GuardedRequest } from '@signalbox/egress';
import type { KeyManagementAccess } from './provider-driver';
import { ProviderKeyError } from './provider-key-error';

const timeoutMs = 15_000;
const shownCodeLength = 100;
const maxRetryAfterMs = 3_600_000;

export interface ProviderKeyRequest {
  /** As people know it, for errors. */
  readonly provider: string;
  readonly method: NonNullable<GuardedRequest['method']>;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** The base URL without its slashes at the end. */
export function baseOf(access: Pick<KeyManagementAccess, 'baseUrl'>, vendorBaseUrl: string): string {
  return (access.baseUrl ?? vendorBaseUrl).replace(/\/+$/, '');
}

/** @throws ProviderKeyError for every answer but 2xx with a JSON object */
export async function callForKeys(
  access: KeyManagementAccess,
  request: ProviderKeyRequest,
): Promise<Record<string, unknown>> {
  const answer = await send(access, request);
  if (!answer.ok) throw failureOf(request.provider, answer, await codeIn(answer));
  const body = await jsonIn(answer);
  if (body !== null) return body;
  throw new ProviderKeyError(
    'bad_answer',
    `${request.provider} answered ${answer.status} with something else than JSON.`,
    answer.status,
  );
}

/** The same, for what may be gone already. @returns null when the provider does not know it */
export async function callForKeysIfThere(
  access: KeyManagementAccess,
  request: ProviderKeyRequest,
): Promise<Record<string, unknown> | null> {
  try {
    return await callForKeys(access, request);
  } catch (error) {
    if (error instanceof ProviderKeyError && error.httpStatus === 404) return null;
    throw error;
  }
}

async function send(access: KeyManagementAccess, request: ProviderKeyRequest): Promise<Response> {
  // What the operator names is called wherever it leads; what a tenant names is not.
  const allowedHosts = access.isTrustedUrl ? [new URL(request.url).host] : (access.allowedHosts ?? []);
  const hasBody = request.body !== undefined;
  try {
    return await guardedFetch(
      request.url,
      {
        method: request.method,
        headers: { accept: 'application/json', ...(hasBody ? jsonHeader : {}), ...request.headers },
        ...(hasBody ? { body: JSON.stringify(request.body) } : {}),
        timeoutMs,
      },
      { allowedHosts },
    );
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    const reason = forbiddenReasons.has(error.reason) ? 'refused' : 'unavailable';
    throw new ProviderKeyError(reason, `${request.provider}: ${error.message}`);
  }
}

const jsonHeader = { 'content-type': 'application/json' };

function failureOf(provider: string, answer: Response, code: string | null): ProviderKeyError {
  const { status } = answer;
  const said = code === null ? `${status}` : `${status} (${code})`;
  if (status === 429) {
    return new ProviderKeyError(
      'rate_limited',
      `${provider} answered ${said}: too many requests.`,
      status,
      retryAfterOf(answer),
    );
  }
  if (status >= 500 || status === 408) {
    return new ProviderKeyError('unavailable', `${provider} answered ${said}.`, status, retryAfterOf(answer));
  }
  return new ProviderKeyError('refused', `${provider} answered ${said}.`, status);
}

function retryAfterOf(answer: Response): number | null {
  const seconds = Number(answer.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1_000, maxRetryAfterMs) : null;
}

async function jsonIn(answer: Response): Promise<Record<string, unknown> | null> {
  const text = await answer.text();
  if (text === '') return {};
  try {
    const body: unknown = JSON.parse(text);
    return isRecord(body) ? body : null;
  } catch {
    return null;
  }
}

/** A provider's own word; its longer texts may repeat parts of a key. */
async function codeIn(answer: Response): Promise<string | null> {
  const error = (await jsonIn(answer))?.['error'];
  if (typeof error !== 'object' || error === null) return null;
  const { code, type } = error as { code?: unknown; type?: unknown };
  const word = [code, type].find((each): each is string => typeof each === 'string');
  return word !== undefined && /^[a-z0-9_.-]+$/i.test(word) ? word.slice(0, shownCodeLength) : null;
}
