import type { ProbeOutcome, ProbeResult } from '@signalbox/domain/provider-drivers';
import type { CheckSignal } from './credential-transitions';

/** Why the provider was not even asked. */
export interface UnaskedAnswer {
  readonly outcome: 'secret_unreadable' | 'store_unavailable' | 'expired';
  readonly detail: string;
}

export type CheckAnswer = ProbeResult | UnaskedAnswer;

export const expiredDetail = 'The time until which the key is good has passed.';

/** Between two refusals of a key that was once accepted: providers have refused good keys for a moment. */
export const secondRefusalAfterMs = 5 * 60_000;

const signalsOfOutcomes: Readonly<Record<ProbeOutcome, CheckSignal>> = {
  valid: 'accepted',
  invalid: 'refused',
  out_of_credit: 'out_of_credit',
  forbidden: 'forbidden',
  rate_limited: 'unclear',
  provider_down: 'unclear',
  unreachable: 'unclear',
  unknown: 'unclear',
};

export function isProbeResult(answer: CheckAnswer): answer is ProbeResult {
  return 'certainty' in answer;
}

interface KnownSoFar {
  readonly state: string;
  readonly verifiedAt: Date | null;
  readonly refusedAt: Date | null;
}

export function signalOf(answer: CheckAnswer, known: KnownSoFar, now: Date): CheckSignal {
  if (!isProbeResult(answer)) return answer.outcome;
  if (answer.certainty === 'none') return 'unchecked';
  if (answer.outcome === 'invalid' && !isSecondRefusal(known, now)) return 'refused_once';
  return signalsOfOutcomes[answer.outcome];
}

/** A key that was never accepted needs no second opinion: most likely it is mistyped. */
function isSecondRefusal({ state, verifiedAt, refusedAt }: KnownSoFar, now: Date): boolean {
  if (verifiedAt === null || state === 'invalid') return true;
  return refusedAt !== null && now.getTime() - refusedAt.getTime() >= secondRefusalAfterMs;
}

/** A stable word for why the credential is as it is. */
export function reasonOf(signal: CheckSignal, answer: CheckAnswer): string | null {
  switch (signal) {
    case 'accepted':
      return isProbeResult(answer) && answer.certainty === 'probable' ? 'probably_accepted' : null;
    case 'unchecked':
      return 'not_checkable';
    case 'unclear':
      return answer.outcome;
    case 'refused':
      return 'provider_refused';
    case 'expired':
      return 'expires_at_passed';
    default:
      return signal;
  }
}
