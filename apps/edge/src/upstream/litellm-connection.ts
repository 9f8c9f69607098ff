import type { Clock } from '@signalbox/common';
import type { Dispatcher } from 'undici';
import type { AnswerStart } from '../answer/answer-start';
import type { ActiveLitellm } from './runner-state';
import type { RunnerWatcher } from './runner-watcher';
import type { ExchangeOutcome, UpstreamExchange } from './upstream-exchange';
import type { UpstreamPools } from './upstream-pools';

/** How long a request waits in all for a LiteLLM that takes connections, a switch in progress included. */
const switchWaitMs = 3_000;
const retryPauseMs = 200;

/** What the access log wants to know. */
export interface ConnectionFacts {
  attempts?: number;
  slot?: string;
  release_id?: string;
}

type Failure = Extract<ExchangeOutcome, { kind: 'failed' }>;

export function litellmDown(phase: 'not_sent' | 'no_answer', detail: string): AnswerStart {
  const failure = { reason: 'litellm_down', phase, status: null, retryAfterMs: null } as const;
  return { kind: 'failed', failure: { ...failure, shown: null, ownMark: null, detail } };
}

/**
 * Sends a request to the LiteLLM that is active, and again to the next one where that is safe, so that a blue/green switch drops
 * nothing. A call costs money and may not be repeatable, so it is sent again only if LiteLLM cannot have worked on it:
 * - It was never sent: refused, no connection, or still queued when the old pool closed.
 * - It was sent and not a byte came back, and the runner has put another LiteLLM in place meanwhile. The runner ends the
 *   old one with SIGTERM, on which LiteLLM finishes every request that it has accepted; one that it dropped was still in
 *   the listen queue or crossed the closing of an idle connection.
 * A connection that breaks without an answer while the same LiteLLM stays active is an error (502): it may have been
 * killed in the middle of the call. That idle connections are closed under us is kept from happening: the pool
 * closes them after 30 s, LiteLLM after 75 s.
 */
export class LitellmConnection {
  constructor(
    private readonly watcher: RunnerWatcher,
    private readonly pools: UpstreamPools,
    private readonly clock: Clock,
  ) {}

  /** The release that answers now; null while there is none. */
  active(): ActiveLitellm | null {
    return this.watcher.active();
  }

  /** Nobody need ask it just now: the ways around LiteLLM are taken at once. */
  isDown(): boolean {
    return this.watcher.active() === null;
  }

  /** One call to the LiteLLM that is active, up to the beginning of its answer. */
  async send(
    start: (dispatcher: Dispatcher) => Promise<AnswerStart>,
    facts: ConnectionFacts = {},
  ): Promise<AnswerStart> {
    const active = this.watcher.active();
    if (!active) return litellmDown('not_sent', 'no LiteLLM is active');
    facts.attempts = (facts.attempts ?? 0) + 1;
    facts.slot = active.slot;
    facts.release_id = active.release_id ?? undefined;
    return start(this.pools.of(active));
  }

  /** The same for small questions of the edge's own, such as the list of models: their whole answer. */
  async ask(
    start: (dispatcher: Dispatcher) => UpstreamExchange,
    facts: ConnectionFacts = {},
  ): Promise<ExchangeOutcome> {
    const untilMs = this.clock.nowMs() + switchWaitMs;
    let active = this.watcher.active() ?? (await this.afterAbsence(untilMs));
    let last: Failure = { kind: 'failed', phase: 'not_sent', error: new Error('no LiteLLM is active') };
    while (active) {
      facts.attempts = (facts.attempts ?? 0) + 1;
      facts.slot = active.slot;
      facts.release_id = active.release_id ?? undefined;
      const outcome = await start(this.pools.of(active)).outcome;
      if (outcome.kind !== 'failed') return outcome;
      last = outcome;
      active = await this.nextAfter(active, outcome, untilMs);
    }
    return last;
  }

  /** No LiteLLM is active: worth waiting for only if one is about to be. */
  private async afterAbsence(untilMs: number): Promise<ActiveLitellm | null> {
    await this.watcher.refresh();
    if (this.watcher.active()) return this.watcher.active();
    return this.watcher.isChangeExpected()
      ? this.watcher.waitForOther(null, untilMs - this.clock.nowMs())
      : null;
  }

  private async nextAfter(
    failed: ActiveLitellm,
    { phase }: Failure,
    untilMs: number,
  ): Promise<ActiveLitellm | null> {
    if (phase === 'cut') return null;
    await this.watcher.refresh();
    const other = await this.watcher.waitForOther(failed, 0);
    if (other || phase === 'no_answer') return other;
    const leftMs = untilMs - this.clock.nowMs();
    if (leftMs <= 0) return null;
    if (!this.watcher.active()) return this.afterAbsence(untilMs);
    // Never sent, and the same LiteLLM is still the active one: it may be on its way out, or just too busy to accept.
    await this.watcher.waitForOther(failed, Math.min(leftMs, retryPauseMs));
    return this.watcher.active();
  }
}
