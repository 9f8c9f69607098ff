import type { AnswerEnd } from '../answer/answer-end';
import type { FactsDocument, PowerLevel, UsageAttempt } from '@signalbox/gateway';
import type { Caller } from '../keys/key-directory';
import type { Admission } from '../limits/limiter';
import type { PendingDecision } from './pending-decision';
import type { FallbackReason, PlannedAttempt } from './planned-attempt';

/** What a request of a known key has come to so far; its usage event is made of it. Each step adds what it knows. */
export interface RequestRecord {
  caller: Caller;
  readonly callType: string;
  modelRequested: string | null;
  isStream: boolean;
  bytesIn: number;
  /** null: not admitted, or not yet. */
  admission: Admission | null;
  /** By which the candidates were chosen. */
  powerLevel: PowerLevel | null;
  /** What was known of the deployments then: a release may take one away while its answer is on its way. */
  facts: Pick<FactsDocument, 'deployments'> | null;
  /** null: there was nothing to choose from. */
  decision: PendingDecision | null;
  attempts: readonly UsageAttempt[];
  /** Calls of our own for this request, before it was answered. */
  readonly furtherAttempts: UsageAttempt[];
  /** The one that answered. */
  answeredBy: PlannedAttempt | null;
  fallbackReason: FallbackReason | null;
  /** Candidates left out because their breaker was open. */
  skipped: number;
  /** What the client was told of a failure; null: none. */
  errorCode: string | null;
  end: AnswerEnd | null;
}

export function newRequestRecord(caller: Caller, callType: string): RequestRecord {
  return {
    caller,
    callType,
    modelRequested: null,
    isStream: false,
    bytesIn: 0,
    admission: null,
    powerLevel: null,
    facts: null,
    decision: null,
    attempts: [],
    furtherAttempts: [],
    answeredBy: null,
    fallbackReason: null,
    skipped: 0,
    errorCode: null,
    end: null,
  };
}
