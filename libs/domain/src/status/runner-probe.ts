import { Inject, Injectable } from '@nestjs/common';
import { RUNNER_ACCESS, type RunnerAccess } from '@signalbox/domain/core';
import { z } from 'zod';

const limitMs = 2_000;

const stateSchema = z.object({
  active: z
    .object({
      slot: z.string(),
      release_id: z.string().nullish(),
      release_number: z.number().nullish(),
      database_mode: z.boolean(),
      litellm_version: z.string().nullish(),
      started_at: z.string().nullish(),
    })
    .nullable(),
  candidate: z
    .object({ slot: z.string(), release_number: z.number().nullish(), phase: z.string() })
    .nullish(),
  litellm_status: z.enum(['starting', 'running', 'down']),
  engine: z.string().nullish(),
  last_failure: z.object({ release_id: z.string().nullish(), reason: z.string() }).nullish(),
});

export type RunnerReport = z.infer<typeof stateSchema>;

/** Asks the runner what LiteLLM does, within a bounded time. */
@Injectable()
export class RunnerProbe {
  constructor(@Inject(RUNNER_ACCESS) private readonly runner: RunnerAccess | null) {}

  /** @returns null when the runner does not answer, or not in a way that we understand */
  async look(): Promise<RunnerReport | null> {
    if (!this.runner) return null;
    try {
      const response = await fetch(new URL('/state', this.runner.url), {
        headers: { authorization: `Bearer ${this.runner.internalToken}` },
        signal: AbortSignal.timeout(limitMs),
      });
      const body: unknown = await response.json();
      return response.ok ? (stateSchema.safeParse(body).data ?? null) : null;
    } catch {
      return null;
    }
  }
}
