import type { Dialect } from '@signalbox/gateway';
import type { LimitedSubject } from './limited-subjects';

/** A request before its limits. */
export interface LimitedRequest {
  readonly id: string;
  /** How many requests it stands for: more than one are room that is taken ahead. */
  readonly count: number;
  /** Of all of them. */
  readonly tokens: number;
  readonly subjects: readonly LimitedSubject[];
  readonly dialect: Dialect;
}

/** The window with the least left, of requests or of tokens. */
export interface WindowState {
  readonly limit: number;
  readonly remaining: number;
  /** Until the oldest of what counts leaves the window. */
  readonly resetMs: number;
}

interface States {
  /** Of Redis, or what this edge takes for it. */
  readonly atMs: number;
  readonly requests: WindowState | null;
  readonly tokens: WindowState | null;
}

export interface Admitted extends States {
  readonly isAdmitted: true;
}

export interface Refused extends States {
  readonly isAdmitted: false;
  readonly reason: 'requests' | 'tokens' | 'parallel';
  readonly subject: LimitedSubject;
  /** In limitWindows; parallelIndex for requests at the same time. */
  readonly limitIndex: number;
  /** Until it would fit; null: never. */
  readonly waitMs: number | null;
}

export type Verdict = Admitted | Refused;
