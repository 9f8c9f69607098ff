import type { Clock, Logger } from '@signalbox/common';
import { isFallbackMisconfigured } from '@signalbox/gateway';
import type { FailedCall } from './failover-run';

/** One fault fails every request that meets it, and a line for each would hide all others. */
const quietForMs = 10_000;
const kindsLimit = 1_000;

interface Alarm {
  readonly message: string;
  readonly hint?: string;
}

function alarmOf({ planned: { route }, failure: { reason, ownMark } }: FailedCall): Alarm | null {
  if (ownMark === 'signalbox_context_error') {
    const hint = 'compare SIGNALBOX_CONTEXT_SIGNING_KEYS and the clocks of edge and LiteLLM';
    return { message: 'LiteLLM refused our signed context', hint };
  }
  if (isFallbackMisconfigured({ route, reason }))
    return { message: 'OpenRouter refuses the key that calls should fall back to' };
  if (reason === 'model_unknown')
    return { message: 'a provider does not know the model that the catalogue maps to it' };
  return null;
}

/** What an operator must see, whatever the client is told: each kind of fault at most once in a while. */
export class FailureAlarms {
  private readonly quietUntilMs = new Map<string, number>();

  constructor(
    private readonly logger: Logger,
    private readonly clock: Clock,
  ) {}

  note(failed: FailedCall, requestId: string): void {
    const { planned, failure } = failed;
    const { route, provider, model, deploymentId, credential } = planned;
    const alarm = alarmOf(failed);
    const fields = {
      request_id: requestId,
      route,
      provider,
      model,
      deployment_id: deploymentId,
      credential_id: credential?.id,
      status: failure.status,
      detail: failure.detail,
    };
    if (!alarm) return this.logger.debug('an attempt failed', { ...fields, reason: failure.reason });
    const kind = `${alarm.message} ${route} ${deploymentId ?? ''} ${credential?.id ?? ''}`;
    if (this.isQuiet(kind)) return;
    this.logger.error(alarm.message, { ...fields, ...(alarm.hint && { hint: alarm.hint }) });
  }

  private isQuiet(kind: string): boolean {
    const nowMs = this.clock.nowMs();
    if ((this.quietUntilMs.get(kind) ?? 0) > nowMs) return true;
    if (this.quietUntilMs.size >= kindsLimit) this.quietUntilMs.clear();
    this.quietUntilMs.set(kind, nowMs + quietForMs);
    return false;
  }
}
