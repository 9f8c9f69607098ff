import type { AnswerStart } from '../answer/answer-start';
import { AttemptDispatcher, type CallDispatcher } from './litellm-connection.attempt';
import type { LitellmHealth, LitellmView } from './litellm-health';
import { type ActiveLitellm, identityOf } from './runner-state';
import type { RunnerWatcher } from './runner-watcher';
import type { ExchangeOutcome, UpstreamExchange } from './upstream-exchange';
import type { UpstreamPools } from './upstream-pools';

/** Of an edge that has just started and has not heard its runner yet. */
const firstWordLimitMs = 1_000;
/** Connections that fail although LiteLLM lives: its listen queue may have been full for a moment. */
const unsentLimit = 2;

/** What the access log wants to know. */
export interface ConnectionFacts {
  attempts?: number;
  slot?: string;
  release_id?: string;
}

class LitellmDown extends Error {}

/** What calls of a kind come to, and what it is called when LiteLLM was not there for one. */
interface CallKind<Result> {
  hasFailed: (result: Result) => boolean;
  down: (phase: 'not_sent' | 'no_answer', detail: string) => Result;
  /** A result that came after the call had been given up. */
  discard: (late: Result) => void;
}

const answerCalls: CallKind<AnswerStart> = {
  hasFailed: ({ kind }) => kind === 'failed',
  down: (phase, detail) => {
    const failure = { reason: 'litellm_down', phase, status: null, retryAfterMs: null } as const;
    return { kind: 'failed', failure: { ...failure, shown: null, ownMark: null, detail } };
  },
  discard: (late) => {
    if (late.kind === 'good') late.answer.discard();
  },
};

const smallQuestions: CallKind<ExchangeOutcome> = {
  hasFailed: ({ kind }) => kind === 'failed',
  down: (phase, detail) => ({ kind: 'failed', phase, error: new LitellmDown(detail) }),
  discard: () => undefined,
};

interface Call<Result> {
  kind: CallKind<Result>;
  start: (dispatcher: CallDispatcher) => Promise<Result>;
  facts: ConnectionFacts;
}

/**
 * Sends a call to the LiteLLM that is active. While its breaker is open the answer is "down" at once; nobody waits for a LiteLLM
 * to come back, for there are ways around it. A call costs money and may not be repeatable, so it is sent to a LiteLLM again only
 * if none can have worked on it:
 * - It was never sent: refused, no connection, or still queued when the old pool closed.
 * - It was sent and not a byte came back, and the runner has put another LiteLLM in place meanwhile. The runner ends the
 *   old one with SIGTERM, on which LiteLLM finishes every request that it has accepted; one that it dropped was still in
 *   the listen queue or crossed the closing of an idle connection.
 * Otherwise a connection that breaks, and one on which nothing has come when LiteLLM goes down, is `litellm_down`; the phase says
 * whether LiteLLM can have seen the call. That idle connections are closed under us is kept from happening: the pool closes them
 * after 30 s, LiteLLM after 75 s.
 */
export class LitellmConnection {
  constructor(
    private readonly watcher: RunnerWatcher,
    private readonly pools: UpstreamPools,
    private readonly health: LitellmHealth,
  ) {}

  /** The release that answers now; null while there is none. */
  active(): ActiveLitellm | null {
    return this.watcher.active();
  }

  /** Nobody need ask it just now: the ways around LiteLLM are taken at once. */
  isDown(): boolean {
    return this.health.isDown() && this.watcher.isHeard();
  }

  /** Whether a call had better go around it, where there is a way: it has just come back. */
  takesDetour(): boolean {
    return this.health.takesDetour();
  }

  view(): LitellmView {
    return this.health.view();
  }

  /**
   * An answer that began at this time has broken off. Whether that can be the provider's doing: not if LiteLLM died or was
   * replaced meanwhile, which breaks off all answers at once.
   */
  mayBlameProvider(beganAtMs: number): Promise<boolean> {
    return this.health.hasServedSince(beganAtMs);
  }

  /** One call up to the beginning of its answer. Once that is there, the call is the caller's own affair. */
  async send(
    start: (dispatcher: CallDispatcher) => Promise<AnswerStart>,
    facts: ConnectionFacts = {},
  ): Promise<AnswerStart> {
    this.health.noteCallBegun();
    let isGood = false;
    try {
      const begun = await this.run({ kind: answerCalls, start, facts });
      isGood = begun.kind === 'good';
      return begun;
    } finally {
      this.health.noteCallEnded(isGood);
    }
  }

  /** The same for small questions of the edge's own, such as the list of models: their whole answer. */
  ask(
    start: (dispatcher: CallDispatcher) => UpstreamExchange,
    facts: ConnectionFacts = {},
  ): Promise<ExchangeOutcome> {
    return this.run({ kind: smallQuestions, start: (dispatcher) => start(dispatcher).outcome, facts });
  }

  private async run<Result>(call: Call<Result>): Promise<Result> {
    const { hasFailed, down } = call.kind;
    for (let unsent = 1; ; unsent += 1) {
      const active = this.isSure() ? this.usableNow() : await this.usable();
      if (!active) return down('not_sent', this.health.view().reason ?? 'no LiteLLM is active');
      const attempt = new AttemptDispatcher(this.pools.of(active), this.signOfLifeOf(active));
      const result = await this.runOnce(call, active, attempt);
      const { broken } = attempt;
      if (!broken || !hasFailed(result)) return result;
      const { phase } = attempt;
      await this.health.check();
      const isDead = this.health.isDown();
      const isReplaced = !isDead && !this.isStillActive(active);
      if (phase === 'answered') return isDead ? down('no_answer', broken.message) : result;
      const isWorthRepeating =
        phase === 'not_sent' && !isDead && unsent < unsentLimit && !attempt.hasTimedOut;
      const maySendAgain = isReplaced || isWorthRepeating;
      if (!maySendAgain) return down(phase, broken.message);
    }
  }

  /** What is about to be known is waited for: milliseconds after a failed connection, and the runner's first word. */
  private async usable(): Promise<ActiveLitellm | null> {
    await this.health.pendingCheck();
    await this.watcher.firstWord(firstWordLimitMs);
    return this.usableNow();
  }

  private usableNow(): ActiveLitellm | null {
    return this.health.isDown() ? null : this.watcher.active();
  }

  private isSure(): boolean {
    return this.health.pendingCheck() === null && this.watcher.isHeard();
  }

  /** Until it has a result, or LiteLLM goes down: by hand, for Promise.race and what it needs are dear at thousands of calls a second. */
  private runOnce<Result>(
    { kind, start, facts }: Call<Result>,
    active: ActiveLitellm,
    attempt: AttemptDispatcher,
  ): Promise<Result> {
    facts.attempts = (facts.attempts ?? 0) + 1;
    facts.slot = active.slot;
    facts.release_id = active.release_id ?? undefined;
    return new Promise((resolve, reject) => {
      let noteEnd: () => void = () => undefined;
      const end = (): void => {
        stopListening();
        noteEnd();
      };
      let isGivenUp = false;
      const stopListening = this.health.onDown(identityOf(active), () => {
        isGivenUp = true;
        end();
        const reason = this.health.view().reason ?? 'LiteLLM went down';
        attempt.end(new LitellmDown(reason));
        resolve(kind.down(attempt.phase === 'not_sent' ? 'not_sent' : 'no_answer', reason));
      });
      const begun = beginning(() => start(attempt));
      noteEnd = this.health.noteSent(attempt.bodyBytes);
      begun.then(
        (result) => {
          if (isGivenUp) return kind.discard(result);
          end();
          resolve(result);
        },
        (error: Error) => {
          if (isGivenUp) return;
          end();
          reject(error);
        },
      );
    });
  }

  private isStillActive(active: ActiveLitellm): boolean {
    const now = this.watcher.active();
    return now !== null && identityOf(now) === identityOf(active);
  }

  private signOfLifeOf(active: ActiveLitellm): () => void {
    const identity = identityOf(active);
    return () => this.health.noteSignOfLife(identity);
  }
}

/** What throws at once is a rejection like any other. */
function beginning<Result>(start: () => Promise<Result>): Promise<Result> {
  try {
    return start();
  } catch (error) {
    return Promise.reject(error);
  }
}
