import type { Clock } from '@signalbox/common';
import { EgressError, type EgressReason, guardedFetch, type GuardedRequest } from '@signalbox/egress';
import { CatalogueSourceError, SourceNotReached } from './source-error';
import { retryAfterMs } from './retry-after';

export interface SourceAnswer {
  readonly status: number;
  readonly body: Buffer;
  readonly retryAfterMs: number | null;
}

/** A firewall says nothing, refuses, or breaks the connection off. */
const notReached: ReadonlySet<EgressReason> = new Set(['unresolved', 'connect', 'tls', 'timeout', 'broken']);

/**
 * The operator gave the address, so it is allowed wherever it leads.
 * @throws CatalogueSourceError when there is no answer
 */
export async function askSource(
  source: string,
  url: URL,
  init: GuardedRequest,
  clock: Clock,
): Promise<SourceAnswer> {
  try {
    const response = await guardedFetch(url.toString(), init, { allowedHosts: [url.hostname] });
    return {
      status: response.status,
      body: Buffer.from(await response.arrayBuffer()),
      retryAfterMs: retryAfterMs(response.headers.get('retry-after'), clock.nowMs()),
    };
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    const problem = `${source}: ${error.message}`;
    throw notReached.has(error.reason) ? new SourceNotReached(problem) : new CatalogueSourceError(problem);
  }
}

/** @throws CatalogueSourceError, also for a page of HTML on a 200 and for a text that ends too early */
export function parseJsonAnswer(source: string, body: Buffer): unknown {
  const text = body.toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    const what = text.trimStart().startsWith('<') ? 'HTML' : 'something that is no valid JSON';
    throw new CatalogueSourceError(`${source} answered with ${what}.`);
  }
}
