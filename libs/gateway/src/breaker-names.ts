import { z } from 'zod';
import { failureReasons } from './attempt-failure';
import type { BreakerHint } from './breaker';

/** Whose trouble it is: a tenant's key is its own credential, so its breaker is its own too. */
export function breakerName(route: string, deploymentId: string, credentialId: string | null): string {
  return `${route}/${deploymentId}/${credentialId ?? '-'}`;
}

/** The Redis hash of the breakers that are open, by their names: what the edges tell each other (docs/adr/0014). */
export function breakersKey(redisPrefix: string): string {
  return `${redisPrefix}:breakers`;
}

const breakerDocument = z.object({
  name: z.string().min(1).max(512),
  edge: z.string(),
  at_ms: z.number(),
  state: z.enum(['open', 'closed']),
  cause: z.enum(failureReasons).default('provider_error'),
  until_ms: z.number().default(0),
  opens: z.number().int().min(1).default(1),
});

/** What one edge tells of one breaker. */
export interface BreakerNews {
  readonly name: string;
  readonly atMs: number;
  readonly hint: BreakerHint;
}

export function writeBreakerNews({ name, atMs, hint }: BreakerNews, edgeId: string): string {
  const details =
    hint.state === 'open' ? { cause: hint.cause, until_ms: hint.untilMs, opens: hint.opens } : {};
  return JSON.stringify({ name, edge: edgeId, at_ms: atMs, state: hint.state, ...details });
}

/** @returns null for what nobody can read */
export function readBreakerNews(text: string): { edgeId: string; news: BreakerNews } | null {
  const parsed = breakerDocument.safeParse(parseJson(text));
  if (!parsed.success) return null;
  const { name, edge: edgeId, at_ms: atMs, state, cause, until_ms: untilMs, opens } = parsed.data;
  const hint: BreakerHint = state === 'open' ? { state, cause, untilMs, opens } : { state };
  return { edgeId, news: { name, atMs, hint } };
}

export type OpenBreakerHint = Extract<BreakerHint, { state: 'open' }>;

/** Those that let nobody through at this moment, by their names, of the hash's values. */
export function openBreakersOf(documents: Iterable<string>, nowMs: number): Map<string, OpenBreakerHint> {
  const open = new Map<string, OpenBreakerHint>();
  for (const text of documents) {
    const { name, hint } = readBreakerNews(text)?.news ?? {};
    if (name !== undefined && hint?.state === 'open' && hint.untilMs > nowMs) open.set(name, hint);
  }
  return open;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
