import type { CredentialEntity, CredentialState } from '@signalbox/database';
import type { NotificationType } from '@signalbox/domain/notifications';
import { type CheckAnswer, expiredDetail, isProbeResult, reasonOf, signalOf } from './check-answer';
import { nextCheckAt } from './check-schedule';
import { type CheckedState, type CheckSignal, transitions } from './credential-transitions';

/** The columns of a credential that a check reads and writes. */
export type CredentialFacts = Pick<
  CredentialEntity,
  | 'state'
  | 'stateReason'
  | 'stateDetail'
  | 'stateSince'
  | 'verifiedAt'
  | 'checkedAt'
  | 'nextCheckAt'
  | 'checkFailures'
  | 'refusedAt'
  | 'expiresAt'
>;

export interface AppliedOutcome {
  readonly facts: CredentialFacts;
  /** What the owner is told; null: nothing worth a word. */
  readonly event: NotificationType | null;
  /** Whether edges and people see a difference: only then is it a new version with an audit event. */
  readonly isVisible: boolean;
}

const detailLength = 500;

/** The whole life cycle, but for what people decide: what an answer makes of a credential. @param random from 0 to 1 */
export function applyOutcome(
  before: CredentialFacts,
  answer: CheckAnswer,
  now: Date,
  random: number,
): AppliedOutcome {
  const expiresAt = earliest(before.expiresAt, isProbeResult(answer) ? answer.expiresAt : null);
  const isPast = expiresAt !== null && expiresAt <= now;
  // Its owner gave it more time while somebody looked.
  const isOutdated = answer.outcome === 'expired' && !isPast;
  if (before.state === 'disabled' || isOutdated) return { facts: before, event: null, isVisible: false };
  const effective: CheckAnswer = isPast ? { outcome: 'expired', detail: expiredDetail } : answer;
  const signal = signalOf(effective, before, now);
  const state = stateAfter(signal, before.state, before.verifiedAt);
  const facts: CredentialFacts = {
    ...before,
    ...wordsAfter(signal, effective, before, state),
    ...historyAfter(signal, effective, before, now, random),
    state,
    expiresAt,
    stateSince: state === before.state ? before.stateSince : now,
  };
  const isVisible =
    state !== before.state ||
    expiresAt?.getTime() !== before.expiresAt?.getTime() ||
    (signal !== 'unclear' && facts.stateReason !== before.stateReason);
  return { facts, event: eventOf(before.state, state), isVisible };
}

function earliest(first: Date | null, second: Date | null): Date | null {
  if (first === null || second === null) return first ?? second;
  return first <= second ? first : second;
}

function stateAfter(signal: CheckSignal, before: CheckedState, verifiedAt: Date | null): CheckedState {
  const target = transitions[signal].to[before];
  if (target === 'same') return before;
  if (target !== 'usable') return target;
  return verifiedAt !== null && before !== 'pending' ? 'verified' : 'unverified';
}

/** An answer that changes nothing explains nothing either: what was said before still holds. */
function wordsAfter(
  signal: CheckSignal,
  answer: CheckAnswer,
  before: CredentialFacts,
  state: CheckedState,
): Pick<CredentialFacts, 'stateReason' | 'stateDetail'> {
  const saysNothing = signal === 'unclear' || signal === 'store_unavailable';
  const isRefused = before.state === 'invalid' || before.state === 'exhausted';
  const keeps =
    (saysNothing && state === before.state && state !== 'unverified') ||
    (signal === 'forbidden' && isRefused);
  if (keeps) return { stateReason: before.stateReason, stateDetail: before.stateDetail };
  return { stateReason: reasonOf(signal, answer), stateDetail: answer.detail.slice(0, detailLength) };
}

/** The provider knew the key: whatever refusal came before was a mistake. */
const knowsKey: ReadonlySet<CheckSignal> = new Set(['accepted', 'unchecked', 'out_of_credit', 'forbidden']);

function historyAfter(
  signal: CheckSignal,
  answer: CheckAnswer,
  before: CredentialFacts,
  now: Date,
  random: number,
): Pick<CredentialFacts, 'verifiedAt' | 'checkedAt' | 'nextCheckAt' | 'checkFailures' | 'refusedAt'> {
  const isAnswer = isProbeResult(answer);
  const refusedAt = refusedAtAfter(signal, before.refusedAt, now);
  const checkFailures = failuresAfter(signal, before);
  const retryAfterMs = isAnswer ? answer.retryAfterMs : null;
  return {
    verifiedAt: signal === 'accepted' ? now : before.verifiedAt,
    checkedAt: isAnswer ? now : before.checkedAt,
    nextCheckAt: nextCheckAt(signal, { failures: checkFailures, retryAfterMs, refusedAt }, now, random),
    checkFailures,
    refusedAt,
  };
}

function refusedAtAfter(signal: CheckSignal, before: Date | null, now: Date): Date | null {
  if (knowsKey.has(signal)) return null;
  return signal === 'refused' || signal === 'refused_once' ? (before ?? now) : before;
}

function failuresAfter(signal: CheckSignal, { state, checkFailures }: CredentialFacts): number {
  if (signal === 'unclear' || signal === 'store_unavailable') return checkFailures + 1;
  if (signal !== 'refused') return 0;
  return state === 'invalid' ? checkFailures + 1 : 1;
}

/** States in which calls do without the key, or come to it last. */
const outOfUse: Partial<Record<CredentialState, NotificationType>> = {
  invalid: 'credential.invalid',
  exhausted: 'credential.exhausted',
  expired: 'credential.expired',
  unreadable: 'credential.unreadable',
};

function eventOf(before: CheckedState, after: CheckedState): NotificationType | null {
  if (before === after) return null;
  return outOfUse[after] ?? (outOfUse[before] ? 'credential.recovered' : null);
}
