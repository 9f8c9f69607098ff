import type { DayRequest, Outcome } from './day';

/** One attempt at one request. */
export interface Try {
  readonly deployment: number;
  /** Tells what came of it, when it came. */
  readonly ended: (outcome: Outcome, nowMs: number) => void;
}

/** Who is tried for a request, one after the other. */
export interface Run {
  /** null: nobody is left. */
  next(nowMs: number): Try | null;
}

export interface Strategy {
  readonly name: string;
  begin(request: DayRequest): Run;
}

/** What came of one request. */
export interface Served {
  /** Who answered; null: nobody did. */
  readonly deployment: number | null;
  /** From the request to the first byte, failed attempts too. */
  readonly totalMs: number;
  readonly attempts: number;
}
