import { type CurrentReleases, idDifference } from '@signalbox/domain/config-releases';
import type { DriftFinding, DriftState } from './drift-report';

/** What was seen of LiteLLM. */
export type Seen =
  | { isReachable: true; releaseId: string | null; deploymentIds: string[] }
  | { isReachable: false; reason: string };

type Release = { id: string; number: number; deploymentIds: string[] } | null;
export type ComparedReleases = Record<keyof CurrentReleases, Release>;

const shownIdsMax = 20;

/** Pure. */
export function judgeDrift({ active, applying }: ComparedReleases, seen: Seen): DriftFinding {
  const found = (
    state: DriftState,
    detail: string | null,
    more: Partial<DriftFinding> = {},
  ): DriftFinding => ({
    state,
    activeReleaseId: active?.id ?? null,
    runningReleaseId: seen.isReachable ? seen.releaseId : null,
    missing: [],
    unexpected: [],
    detail,
    ...more,
  });
  if (applying) return found('releasing', null);
  if (!active) return found('no_release', 'Nothing was released yet: POST /api/v1/config/releases.');
  if (!seen.isReachable) return found('unreachable', seen.reason);
  if (seen.releaseId !== active.id) {
    return found('other_release', `LiteLLM does not run release ${active.number}, which is the active one.`);
  }
  const difference = idDifference(active.deploymentIds, seen.deploymentIds);
  if (difference === null) return found('in_sync', null);
  return found('different_deployments', `LiteLLM shows other deployments than release ${active.number}.`, {
    missing: difference.missing.slice(0, shownIdsMax),
    unexpected: difference.unexpected.slice(0, shownIdsMax),
  });
}
