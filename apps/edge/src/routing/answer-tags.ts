import type { OutgoingHttpHeaders } from 'node:http';
import type { PowerLevel } from '@signalbox/gateway';
import type { FallbackReason, PlannedAttempt } from './planned-attempt';

export interface AnswerFacts {
  /** What answered, or failed last; null: nobody was called. */
  readonly attempt: PlannedAttempt | null;
  readonly attempts: number;
  readonly fallbackReason: FallbackReason | null;
  /** By which the candidates were chosen; null: a model was asked for by its name. */
  readonly powerLevel: PowerLevel | null;
}

const plainText = /^[\x20-\x7e]*$/;

/** A name may hold what a header cannot; then it stands there percent-encoded. */
function headerText(text: string): string {
  return plainText.test(text) ? text : encodeURIComponent(text);
}

/** Every answer says how it came about. */
export function answerTags({
  attempt,
  attempts,
  fallbackReason,
  powerLevel,
}: AnswerFacts): OutgoingHttpHeaders {
  const tags: OutgoingHttpHeaders = { 'x-signalbox-attempts': attempts };
  if (fallbackReason !== null) tags['x-signalbox-fallback'] = fallbackReason;
  if (powerLevel !== null) tags['x-signalbox-power-level'] = powerLevel;
  if (!attempt) return tags;
  tags['x-signalbox-route'] = attempt.route;
  tags['x-signalbox-model'] = headerText(attempt.model);
  if (attempt.provider !== null) tags['x-signalbox-provider'] = attempt.provider;
  if (attempt.isCrossVendor) tags['x-signalbox-cross-vendor'] = 'true';
  if (attempt.credential) tags['x-signalbox-credential-owner'] = attempt.credential.owner;
  return tags;
}
