import type { Clock } from '@signalbox/common';
import { type Dispatcher, request } from 'undici';
import { z } from 'zod';
import { LitellmError } from './litellm-error';

const stateAnswer = z.looseObject({
  active: z
    .looseObject({ base_url: z.string(), release_id: z.string().nullish(), database_mode: z.boolean() })
    .nullable(),
});

export interface LitellmInstance {
  baseUrl: string;
  releaseId: string | null;
  /** False while PostgreSQL is away: LiteLLM then serves, but has no keys and teams. */
  hasDatabase: boolean;
}

export interface RunnerAddress {
  url: string;
  internalToken: string;
}

const cacheMs = 1_000;
const timeoutMs = 2_000;

/** Asks the runner which LiteLLM is the one that serves, and remembers the answer for a moment. */
export class RunnerState {
  private cached: { instance: LitellmInstance; untilMs: number } | null = null;

  constructor(
    private readonly runner: RunnerAddress,
    private readonly clock: Clock,
    private readonly dispatcher: Dispatcher,
  ) {}

  /** @throws LitellmError (unreachable) when there is none just now */
  async instance(): Promise<LitellmInstance> {
    if (this.cached && this.cached.untilMs > this.clock.nowMs()) return this.cached.instance;
    const instance = await this.ask();
    this.cached = { instance, untilMs: this.clock.nowMs() + cacheMs };
    return instance;
  }

  /** After a failed call: the next one asks again. */
  forget(): void {
    this.cached = null;
  }

  private async ask(): Promise<LitellmInstance> {
    const { active } = await this.fetchState();
    if (!active) throw new LitellmError('unreachable', 'state', null, 'no LiteLLM is running just now');
    return {
      baseUrl: active.base_url,
      releaseId: active.release_id ?? null,
      hasDatabase: active.database_mode,
    };
  }

  private async fetchState(): Promise<z.infer<typeof stateAnswer>> {
    try {
      const { statusCode, body } = await request(`${this.runner.url}/state`, {
        headers: { authorization: `Bearer ${this.runner.internalToken}` },
        dispatcher: this.dispatcher,
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await body.text();
      if (statusCode === 200) return stateAnswer.parse(JSON.parse(text));
      throw new LitellmError('unreachable', 'state', statusCode, `the runner answered ${statusCode}`);
    } catch (error) {
      if (error instanceof LitellmError) throw error;
      throw new LitellmError('unreachable', 'state', null, 'the runner does not answer');
    }
  }
}
