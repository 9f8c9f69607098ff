import type { Dispatcher } from 'undici';
import type { AddressPolicy } from './address-policy';
import { EgressError, toEgressError } from './egress-error';
import { guardedAgent } from './guarded-agent';
import { checkedUrl } from './url-rules';

const defaultTimeoutMs = 10_000;
const defaultMaxResponseBytes = 1024 * 1024;

export interface GuardedRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Ends the request too; the deadline counts from the call to the end of the body. */
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly maxResponseBytes?: number;
  /** Certificate authority to trust in place of the system's, for tests. */
  readonly ca?: string;
}

async function readWithin(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new EgressError('too_large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function responseOf({ statusCode, headers }: Dispatcher.ResponseData, body: Buffer): Response {
  const pairs = Object.entries(headers).flatMap(([name, value = []]) =>
    [value].flat().map((one): [string, string] => [name, one]),
  );
  try {
    return new Response(body.length === 0 ? null : new Uint8Array(body), {
      status: statusCode,
      headers: pairs,
    });
  } catch {
    throw new EgressError('bad_answer');
  }
}

/**
 * One request to an address that a tenant named. The answer's body has been read when it returns. Each call has its own connection, so
 * that nothing is left of it.
 * @throws EgressError, also for an answer of 3xx
 */
export async function guardedFetch(
  url: string,
  init: GuardedRequest,
  policy: AddressPolicy,
): Promise<Response> {
  const parsed = checkedUrl(url);
  const { timeoutMs = defaultTimeoutMs, maxResponseBytes = defaultMaxResponseBytes, ca } = init;
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = init.signal ? AbortSignal.any([init.signal, deadline]) : deadline;
  const limits = { headersTimeoutMs: timeoutMs, bodyTimeoutMs: timeoutMs };
  const agent = guardedAgent(policy, ca === undefined ? limits : { ...limits, ca });
  try {
    const answer = await agent.request({
      origin: parsed.origin,
      path: parsed.pathname + parsed.search,
      method: init.method ?? 'GET',
      headers: { 'accept-encoding': 'identity', ...init.headers },
      body: init.body ?? null,
      signal,
    });
    if (answer.statusCode >= 300 && answer.statusCode < 400)
      throw new EgressError('redirect', String(answer.statusCode));
    return responseOf(answer, await readWithin(answer.body, maxResponseBytes));
  } catch (error) {
    if (init.signal?.aborted) throw new EgressError('aborted');
    throw toEgressError(deadline.aborted ? deadline.reason : error);
  } finally {
    // Not close(): after a redirect or an answer that is too large there is a body that nobody reads.
    await agent.destroy();
  }
}
