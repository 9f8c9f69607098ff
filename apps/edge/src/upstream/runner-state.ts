import { z } from 'zod';

export const activeLitellm = z.object({
  slot: z.string(),
  base_url: z.url({ protocol: /^https?$/ }),
  release_id: z.string().nullish(),
  release_number: z.number().nullish(),
  pid: z.number().nullish(),
  litellm_version: z.string().nullish(),
  started_at: z.string().nullish(),
});

const runnerState = z.object({
  /** Grows with every change, also over restarts of the runner. */
  version: z.number(),
  active: activeLitellm.nullable(),
  candidate: z.object({ phase: z.string() }).nullish(),
  litellm_status: z.string(),
});

export type ActiveLitellm = z.infer<typeof activeLitellm>;
export type RunnerState = z.infer<typeof runnerState>;

/** The runner's answer to GET /state; see docs of litellm/runner. */
export function parseRunnerState(text: string): RunnerState {
  return runnerState.parse(JSON.parse(text));
}

/** Two processes may follow each other on one port; the identity tells them apart. */
export function identityOf(active: ActiveLitellm): string {
  return `${active.base_url} ${active.pid ?? ''} ${active.started_at ?? ''}`;
}
