import { newId } from '@signalbox/common';
import { createHash } from 'node:crypto';
import type { E2eStack } from '../e2e-stack';
import { waitUntil } from '../wait-until';
import type { ReleaseView } from './admin-api';

/** LiteLLM takes 12 to 17 s to start on idle cores; a whole run shares two of them. */
const releaseMs = 180_000;

export interface AppliedRelease {
  release: ReleaseView;
  /** From the call of the API to its outcome in the API. */
  ms: number;
}

export function getRelease(stack: E2eStack, id: string): Promise<ReleaseView> {
  return stack.api.get(`/config/releases/${id}`);
}

export async function activeRelease(stack: E2eStack): Promise<ReleaseView> {
  const { active } = await stack.processes.runnerState();
  if (!active) throw new Error('no release is active');
  return getRelease(stack, active.release_id);
}

export async function waitForOutcome(stack: E2eStack, id: string): Promise<ReleaseView> {
  return waitUntil(
    async () => {
      const release = await getRelease(stack, id);
      return release.status === 'applying' ? null : release;
    },
    { deadlineMs: releaseMs, what: `the outcome of release ${id}`, pollEveryMs: 100 },
  );
}

async function untilOutcome(stack: E2eStack, begin: () => Promise<{ id: string }>): Promise<AppliedRelease> {
  const startedAtMs = performance.now();
  const { id } = await begin();
  const release = await waitForOutcome(stack, id);
  return { release, ms: performance.now() - startedAtMs };
}

/**
 * Applies what the models and deployments now say, and waits for success or failure.
 * @param options `force` starts LiteLLM anew where nothing changed
 */
export function apply(
  stack: E2eStack,
  options: { note?: string; force?: boolean } = {},
): Promise<AppliedRelease> {
  return untilOutcome(stack, () => stack.api.post<ReleaseView>('/config/releases', options));
}

/** For tests that begin where nothing is left to apply, whatever ran before them. */
export async function applyWhatIsLeft(stack: E2eStack): Promise<void> {
  const { changed } = await stack.api.post<{ changed: boolean }>('/config/plan');
  if (changed) await applySuccessfully(stack, { note: 'left by others' });
}

export function rollBackTo(stack: E2eStack, releaseId: string): Promise<AppliedRelease> {
  return untilOutcome(stack, () => stack.api.post<ReleaseView>(`/config/releases/${releaseId}/rollback`));
}

export async function applySuccessfully(
  stack: E2eStack,
  options: { note?: string; force?: boolean } = {},
): Promise<AppliedRelease> {
  const applied = await apply(stack, options);
  if (applied.release.status === 'failed') {
    throw new Error(`release ${applied.release.number} failed: ${applied.release.failure}`);
  }
  return applied;
}

/** A release with which LiteLLM does not start, written past our own lint, as a defect of the lint would let it through. */
export function applyUnstartable(stack: E2eStack): Promise<AppliedRelease> {
  return untilOutcome(stack, async () => {
    const id = newId('configRelease', Date.now());
    const configYaml = 'general_settings:\n  custom_auth: no_such_module.no_such_function\n';
    const sha256 = createHash('sha256').update(configYaml).digest('hex');
    await stack.stores.query(
      `INSERT INTO config_releases (id, number, status, config_yaml, config_sha256, created_by)
       SELECT $1, max(number) + 1, 'applying', $2, $3, 'test' FROM config_releases`,
      [id, configYaml, sha256],
    );
    return { id };
  });
}
