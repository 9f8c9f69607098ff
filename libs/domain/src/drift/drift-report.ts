/** How what LiteLLM runs relates to what was released. */
export type DriftState =
  /** LiteLLM runs the active release and shows exactly its deployments. */
  | 'in_sync'
  /** A release is on its way: nothing to compare with. */
  | 'releasing'
  | 'no_release'
  /** LiteLLM or the runner does not answer; the runner sees to that. */
  | 'unreachable'
  /** The runner serves another release than the active one. */
  | 'other_release'
  /** The release is the right one, the deployments are not. */
  | 'different_deployments';

export type DriftRepair = 'none' | 'runner_woken' | 'restart_released' | 'given_up';

export interface DriftFinding {
  state: DriftState;
  activeReleaseId: string | null;
  runningReleaseId: string | null;
  /** At most 20 ids each. */
  missing: string[];
  unexpected: string[];
  /** In words, for what is neither in sync nor a release on its way. */
  detail: string | null;
}

export interface DriftReport extends DriftFinding {
  checkedAt: string;
  repair: DriftRepair;
  /** Since when there is drift that is not resolved yet. */
  driftSince: string | null;
}

export function isDrift({ state }: DriftFinding): boolean {
  return state === 'other_release' || state === 'different_deployments';
}
