import type { Logger } from '@signalbox/common';
import { Pool } from 'undici';
import { type ActiveLitellm, identityOf, parseRunnerState, type RunnerState } from './runner-state';

const pollWaitMs = 25_000;
const refreshTimeoutMs = 1_000;
const retryMs = { first: 100, longest: 2_000 };

export interface RunnerWatcherOptions {
  runnerUrl: string;
  internalToken: string;
  /** Names this edge to the runner: before it ends an old LiteLLM it waits until every subscriber has seen the switch. */
  subscriber: string;
}

/**
 * Follows the runner's blue/green switch by long poll. Asking for what comes after version V tells the runner that this edge
 * has switched to V. While the runner is away the last known LiteLLM is used: it runs on without its runner.
 */
export class RunnerWatcher {
  private readonly runner: Pool;
  private readonly stop = new AbortController();
  private readonly waiting = new Set<() => void>();
  private state: RunnerState | null = null;
  private remembered: ActiveLitellm | null = null;
  private hasFailed = false;
  private refreshing: Promise<void> | null = null;
  private runnerDownReason: string | null = 'not asked yet';

  constructor(
    private readonly options: RunnerWatcherOptions,
    private readonly logger: Logger,
    private readonly onSwitch: (active: ActiveLitellm | null) => void,
  ) {
    this.runner = new Pool(options.runnerUrl, { connections: 2, headersTimeout: pollWaitMs + 5_000 });
  }

  start(): void {
    void this.pollForever();
  }

  async close(): Promise<void> {
    this.stop.abort();
    this.wakeWaiting();
    await this.runner.destroy();
  }

  active(): ActiveLitellm | null {
    return this.state ? this.state.active : this.remembered;
  }

  /** Why the runner itself cannot be asked just now; null while it answers. */
  problem(): string | null {
    return this.runnerDownReason;
  }

  /** Whether anybody has said which LiteLLM there is, or the runner has been asked in vain. */
  isHeard(): boolean {
    return this.state !== null || this.remembered !== null || this.hasFailed;
  }

  /** Resolves when `isHeard`, or after the given time. */
  async firstWord(limitMs: number): Promise<void> {
    if (this.isHeard()) return;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.waiting.delete(settle);
        resolve();
      };
      const timer = setTimeout(settle, limitMs);
      this.waiting.add(settle);
    });
  }

  /**
   * The LiteLLM that an earlier process of this edge used, for a start while the runner is away: used if it lives, until the
   * runner is heard.
   */
  startWith(remembered: ActiveLitellm): void {
    if (this.state) return;
    this.remembered = remembered;
    this.onSwitch(remembered);
    this.wakeWaiting();
  }

  /** Asks the runner now, outside of the long poll. Requests that ask together share one answer. Never throws. */
  refresh(): Promise<void> {
    this.refreshing ??= this.askNow().finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  private async pollForever(): Promise<void> {
    let waitMs = retryMs.first;
    while (!this.stop.signal.aborted) {
      try {
        const known = this.state;
        const after = known?.version ?? 0;
        const subscriber = encodeURIComponent(this.options.subscriber);
        const state = await this.ask(
          `after=${after}&wait_ms=${pollWaitMs}&subscriber=${subscriber}`,
          pollWaitMs + 5_000,
        );
        // A question outside of the poll may have brought something newer meanwhile.
        if (this.state === known || state.version > (this.state?.version ?? 0)) this.take(state);
        waitMs = retryMs.first;
      } catch (error) {
        if (this.stop.signal.aborted) return;
        this.noteRunnerDown(error);
        await new Promise((resolve) => setTimeout(resolve, waitMs).unref());
        waitMs = Math.min(waitMs * 2, retryMs.longest);
      }
    }
  }

  private async askNow(): Promise<void> {
    try {
      const state = await this.ask('after=0&wait_ms=0', refreshTimeoutMs);
      if (state.version > (this.state?.version ?? 0)) this.take(state);
    } catch (error) {
      this.noteRunnerDown(error);
    }
  }

  private async ask(query: string, timeoutMs: number): Promise<RunnerState> {
    const { statusCode, body } = await this.runner.request({
      method: 'GET',
      path: `/state?${query}`,
      headers: { authorization: `Bearer ${this.options.internalToken}` },
      signal: AbortSignal.any([this.stop.signal, AbortSignal.timeout(timeoutMs)]),
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`the runner answered ${statusCode}`);
    return parseRunnerState(text);
  }

  private take(state: RunnerState): void {
    if (this.runnerDownReason) this.logger.info('runner answers');
    this.runnerDownReason = null;
    const before = this.active();
    this.state = state;
    const [old, now] = [before && identityOf(before), state.active && identityOf(state.active)];
    if (old !== now) {
      const { slot = null, release_number: release = null, pid = null } = state.active ?? {};
      this.logger.info('LiteLLM switched', { slot, release, pid, version: state.version });
      this.onSwitch(state.active);
    }
    this.wakeWaiting();
  }

  private noteRunnerDown(error: unknown): void {
    if (this.stop.signal.aborted) return;
    if (!this.runnerDownReason)
      this.logger.warn('runner does not answer; staying with the last LiteLLM', { error });
    this.runnerDownReason = error instanceof Error ? error.message : 'unknown';
    this.hasFailed = true;
    this.wakeWaiting();
  }

  private wakeWaiting(): void {
    for (const wake of this.waiting) wake();
  }
}
