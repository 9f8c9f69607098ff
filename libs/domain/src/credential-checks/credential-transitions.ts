import type { CredentialState } from '@signalbox/database';

/** The states that a check may find and leave. `disabled` is a person's decision: no check changes it. */
export type CheckedState = Exclude<CredentialState, 'disabled'>;

/** What a check says, in the few words on which the life cycle turns. */
export type CheckSignal =
  | 'accepted'
  | 'unchecked'
  | 'refused'
  | 'refused_once'
  | 'out_of_credit'
  | 'forbidden'
  | 'unclear'
  | 'secret_unreadable'
  | 'store_unavailable'
  | 'expired';

/** same: stays as it is. usable: `verified` if it ever was (and is not new), else `unverified`. */
export type TransitionTarget = CheckedState | 'same' | 'usable';

export interface Transition {
  readonly meaning: string;
  readonly to: Readonly<Record<CheckedState, TransitionTarget>>;
}

function all(
  target: TransitionTarget,
  exceptions: Partial<Record<CheckedState, TransitionTarget>> = {},
): Transition['to'] {
  const to = {
    pending: target,
    verified: target,
    unverified: target,
    invalid: target,
    exhausted: target,
    expired: target,
    unreadable: target,
  };
  return { ...to, ...exceptions };
}

/** An answer that says nothing of the key. Never takes one out of use, and never brings a refused one back. */
const nothingKnown = all('usable', { verified: 'same', invalid: 'same', exhausted: 'same' });

/** The one table of the life cycle. docs/credentials.md shows it; a test holds the two together. */
export const transitions: Readonly<Record<CheckSignal, Transition>> = {
  accepted: { meaning: 'the provider accepts the key', to: all('verified') },
  unchecked: {
    meaning:
      'nobody checks keys there: a server without keys, or a kind of provider that has no free route for it',
    to: all('usable'),
  },
  refused: {
    meaning:
      'the provider refuses the key; if it was ever accepted: for the second time, at least 5 minutes after the first',
    to: all('invalid'),
  },
  refused_once: {
    meaning: 'the provider refuses, for the first time, a key that it once accepted',
    to: nothingKnown,
  },
  out_of_credit: { meaning: 'no credit or quota is left', to: all('exhausted') },
  forbidden: {
    meaning: 'the provider knows the key and does not let it do this (scope, region, IP address)',
    to: nothingKnown,
  },
  unclear: {
    meaning: 'rate limit, 5xx, no connection, or an answer that is not the provider’s',
    to: nothingKnown,
  },
  secret_unreadable: {
    meaning: 'the secret store has no such secret, or cannot open it',
    to: all('unreadable'),
  },
  store_unavailable: { meaning: 'the secret store does not answer', to: all('same') },
  expired: { meaning: '`expires_at` has passed', to: all('expired') },
};
