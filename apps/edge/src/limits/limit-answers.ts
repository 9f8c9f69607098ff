import { type Dialect, formatResetDuration, limitWindows, retryAfterSeconds } from '@signalbox/gateway';
import { Refusal } from '../request/refusal';
import { parallelIndex, type SubjectKind } from './limited-subjects';
import type { LimitedRequest, Refused, Verdict, WindowState } from './verdict';

/** SDKs wait as long as Retry-After says, without a cap: more than this would look like a hang. */
const longestRetryMs = 30_000;

const whose: Record<SubjectKind, string> = {
  key: 'this virtual key',
  service: 'the service of this virtual key',
  workspace: 'the workspace of this virtual key',
  organization: 'the organization of this virtual key',
};

const codes = {
  requests: 'request_limit_reached',
  tokens: 'token_limit_reached',
  parallel: 'parallel_limit_reached',
} as const;

type Headers = Record<string, string>;

function addWindow(
  headers: Headers,
  kind: 'requests' | 'tokens',
  state: WindowState,
  dialect: Dialect,
  atMs: number,
): void {
  const remaining = String(state.remaining);
  const limit = String(state.limit);
  const reset = formatResetDuration(state.resetMs);
  // Written out, for this is done at each request, and names that are put together are dear.
  if (kind === 'requests') {
    headers['x-ratelimit-limit-requests'] = limit;
    headers['x-ratelimit-remaining-requests'] = remaining;
    headers['x-ratelimit-reset-requests'] = reset;
  } else {
    headers['x-ratelimit-limit-tokens'] = limit;
    headers['x-ratelimit-remaining-tokens'] = remaining;
    headers['x-ratelimit-reset-tokens'] = reset;
  }
  if (dialect !== 'anthropic') return;
  headers[`anthropic-ratelimit-${kind}-limit`] = limit;
  headers[`anthropic-ratelimit-${kind}-remaining`] = remaining;
  headers[`anthropic-ratelimit-${kind}-reset`] = new Date(atMs + state.resetMs).toISOString();
}

export function limitHeaders(verdict: Verdict, dialect: Dialect, isLocal: boolean): Headers {
  const headers: Headers = {};
  if (verdict.requests) addWindow(headers, 'requests', verdict.requests, dialect, verdict.atMs);
  if (verdict.tokens) addWindow(headers, 'tokens', verdict.tokens, dialect, verdict.atMs);
  if (isLocal) headers['x-signalbox-limits'] = 'local';
  return headers;
}

/** The headers tell of the limit that was reached, also where another one has less left. */
function withReached(refused: Refused): Refused {
  const { reason, subject, limitIndex, waitMs } = refused;
  if (reason === 'parallel') return refused;
  const remaining = reason === 'requests' ? 0 : (refused.tokens?.remaining ?? 0);
  const limit = subject.limits[limitIndex] ?? 0;
  const resetMs = waitMs ?? refused[reason]?.resetMs ?? 0;
  return { ...refused, [reason]: { limit, remaining: Math.min(remaining, limit), resetMs } };
}

function describeLimit({ subject, limitIndex }: Refused): string {
  const limit = (subject.limits[limitIndex] ?? 0).toLocaleString('en-US');
  const window = limitWindows[limitIndex];
  return window ? `${limit} ${window.counts} per ${window.name}` : `${limit} requests at the same time`;
}

function neverFits(refused: Refused, request: LimitedRequest): string {
  const owner = whose[refused.subject.kind];
  const limit = describeLimit(refused);
  if (refused.reason !== 'tokens') return `The limit of ${owner} lets nothing through: ${limit}.`;
  const tokens = request.tokens.toLocaleString('en-US');
  return (
    `This request can never fit: it counts as up to ${tokens} tokens (prompt and longest answer), and the limit of ${owner} is ` +
    `${limit}. Ask for a shorter answer (max_tokens), shorten the prompt, or have the limit raised.`
  );
}

function reached(refused: Refused, waitSeconds: number, isLocal: boolean): string {
  const limit = `A limit of ${whose[refused.subject.kind]} is reached: ${describeLimit(refused)}`;
  const part = isLocal ? ', of which this gateway hands out its part while it cannot reach the others' : '';
  if (refused.limitIndex === parallelIndex) return `${limit}${part}. Try again when one of them has ended.`;
  return `${limit}${part}. Try again in ${waitSeconds} s.`;
}

/** 429, with all that a client needs to do the right thing next. */
export function limitRefusal(refused: Refused, request: LimitedRequest, isLocal: boolean): Refusal {
  const headers = limitHeaders(withReached(refused), request.dialect, isLocal);
  const code = codes[refused.reason];
  if (refused.waitMs === null) {
    const never = {
      message: neverFits(refused, request),
      headers: { ...headers, 'x-should-retry': 'false' },
    };
    return new Refusal(code, never);
  }
  const waitSeconds = retryAfterSeconds(refused.waitMs);
  const isSoon = refused.waitMs <= longestRetryMs;
  return new Refusal(code, {
    message: reached(refused, waitSeconds, isLocal),
    retryAfterSeconds: waitSeconds,
    headers: { ...headers, 'x-should-retry': String(isSoon) },
  });
}
