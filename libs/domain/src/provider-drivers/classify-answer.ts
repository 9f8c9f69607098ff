import { errorCodeOf, errorMessageOf, retryAfterMsOf } from './answer-fields';
import type { ProbeSpec } from './probe-spec';
import type { ProbeOutcome, ProbeResult } from './provider-driver';
import { redactDetail } from './redact-detail';

/** An answer as it came. */
export interface ProviderAnswer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | null;
}

interface Verdict {
  readonly outcome: ProbeOutcome;
  readonly detail: string;
  readonly expiresAt?: Date | null;
}

/** 429 means "too fast" or "nothing left"; these words say the second (OpenAI's codes, and what others copied). */
const quotaCodes = new Set([
  'insufficient_quota',
  'billing_hard_limit_reached',
  'billing_not_active',
  'billing_error',
  'payment_required',
]);
/** Provider's own text is searched up to here; a list of models may be megabytes. */
const searchedLength = 64 * 1024;

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What an answer says of the key: the provider's own rows first, then what is the same everywhere. */
export function classifyAnswer(spec: ProbeSpec, answer: ProviderAnswer, secret: string): ProbeResult {
  const body = parseJson(answer.text);
  const verdict = ownVerdict(spec, answer) ?? generalVerdict(spec, answer.status, body);
  const message = verdict.outcome === 'valid' ? null : errorMessageOf(body);
  const said = message === null ? '' : ` The provider says: ${redactDetail(message, secret)}`;
  const code = errorCodeOf(body);
  return {
    outcome: verdict.outcome,
    httpStatus: answer.status,
    code: code === null ? null : redactDetail(code, secret),
    detail: verdict.detail + said,
    retryAfterMs: retryAfterMsOf(answer.retryAfter, Date.now()),
    expiresAt: verdict.expiresAt ?? null,
    certainty: verdict.outcome === 'valid' ? (spec.certainty ?? 'sure') : 'sure',
  };
}

function ownVerdict(spec: ProbeSpec, { status, text }: ProviderAnswer): Verdict | null {
  const searched = text.slice(0, searchedLength);
  const fits = spec.rules?.find(
    (rule) => rule.statuses.includes(status) && (rule.text === undefined || rule.text.test(searched)),
  );
  return fits ?? null;
}

function generalVerdict(spec: ProbeSpec, status: number, body: unknown): Verdict {
  if (status >= 200 && status < 300) return goodVerdict(spec, body);
  if (status === 429) return tooManyVerdict(body);
  if (status === 408 || status >= 500) {
    return { outcome: 'provider_down', detail: `The provider is not well (HTTP ${status}).` };
  }
  return (
    verdictsOfStatus[status] ?? {
      outcome: 'unknown',
      detail: `The provider answered HTTP ${status}, which says nothing about the key.`,
    }
  );
}

const verdictsOfStatus: Readonly<Record<number, Verdict>> = {
  401: { outcome: 'invalid', detail: 'The provider refuses the key.' },
  402: { outcome: 'out_of_credit', detail: 'The account has no credit left.' },
  403: {
    outcome: 'forbidden',
    detail: 'The provider knows the key and does not let it do this (scope, region or IP address).',
  },
  404: {
    outcome: 'unknown',
    detail: 'The provider has no such route (HTTP 404): the base URL is most likely wrong.',
  },
};

function goodVerdict(spec: ProbeSpec, body: unknown): Verdict {
  if (!spec.isGood(body)) {
    return {
      outcome: 'unknown',
      detail:
        'Something answered, but not as this provider does: the base URL may be wrong, or a proxy is in between.',
    };
  }
  const facts = spec.factsOf?.(body) ?? {};
  return { outcome: 'valid', detail: 'The provider accepts the key.', ...facts };
}

function tooManyVerdict(body: unknown): Verdict {
  const code = errorCodeOf(body);
  if (code !== null && quotaCodes.has(code)) {
    return { outcome: 'out_of_credit', detail: "The account's credit or quota is used up." };
  }
  return {
    outcome: 'rate_limited',
    detail: 'The provider takes no more requests for the moment (HTTP 429).',
  };
}
