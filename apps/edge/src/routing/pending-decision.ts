import { type DecisionRecord, decisionOf, type RouteChoice, type RouteChoiceInput } from '@signalbox/gateway';

/** What the usage event keeps of a choice. Worked out while the call is on its way, so that nobody waits for it. */
export class PendingDecision {
  private choice: readonly [RouteChoice, RouteChoiceInput] | null;
  private record: DecisionRecord | null = null;

  constructor(choice: RouteChoice, input: RouteChoiceInput) {
    this.choice = [choice, input];
    setImmediate(() => this.take());
  }

  take(): DecisionRecord | null {
    if (!this.choice) return this.record;
    this.record = decisionOf(...this.choice);
    // A stream may be open for long, and the candidates of a choice may be many.
    this.choice = null;
    return this.record;
  }
}
