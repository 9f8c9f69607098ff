import type { InfisicalSDK } from '@infisical/sdk';
import type { CallSlots } from './call-slots';
import type { CircuitBreaker } from './circuit-breaker';
import { untilAborted } from './deadline';
import { failureOf, InfisicalFailure } from './infisical-failure';
import type { InfisicalSession } from './infisical-session';

/** Every call of the SDK goes through here: slot, breaker, token, deadline. Throws InfisicalFailure and nothing else. */
export class InfisicalCalls {
  constructor(
    private readonly session: InfisicalSession,
    private readonly breaker: CircuitBreaker,
    private readonly slots: CallSlots,
  ) {}

  async run<Answer>(signal: AbortSignal, call: (sdk: InfisicalSDK) => Promise<Answer>): Promise<Answer> {
    const giveBack = await this.slots.take(signal);
    try {
      if (signal.aborted) throw new InfisicalFailure('unavailable');
      return await this.guarded(signal, call);
    } finally {
      giveBack();
    }
  }

  private async guarded<Answer>(
    signal: AbortSignal,
    call: (sdk: InfisicalSDK) => Promise<Answer>,
  ): Promise<Answer> {
    const pass = this.breaker.enter();
    try {
      const answer = await untilAborted(signal, this.attempt(signal, call));
      pass.answered();
      return answer;
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind === 'unavailable') pass.failed();
      else pass.answered();
      throw failure;
    }
  }

  private async attempt<Answer>(
    signal: AbortSignal,
    call: (sdk: InfisicalSDK) => Promise<Answer>,
  ): Promise<Answer> {
    const session = await this.session.current();
    if (signal.aborted) throw new InfisicalFailure('unavailable');
    try {
      return await call(session.sdk);
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind !== 'denied' || signal.aborted) throw failure;
      const renewed = await this.session.afterRefusal(session);
      if (!renewed || signal.aborted) throw failure;
      return call(renewed.sdk);
    }
  }
}
