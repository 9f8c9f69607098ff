import type { ConfigReleaseEntity } from '@signalbox/database';
import type { ConfigPlan } from '@signalbox/domain/config-releases';
import type { ConfigDiffView, ConfigPlanView, LintFindingView } from './config-plan.dto';
import type { ConfigReleaseSummaryView, ConfigReleaseView } from './config-release.dto';

/** Views are classes for OpenAPI's sake only; a plain object may be spread. */
type Plain<View> = Pick<View, keyof View>;

function toReference(release: ConfigReleaseEntity | null): { id: string; number: number } | null {
  return release && { id: release.id, number: release.number };
}

export function toConfigPlanView(plan: ConfigPlan): ConfigPlanView {
  return {
    changed: plan.changed,
    base_release: toReference(plan.base),
    release_in_progress: toReference(plan.inProgress),
    diff: plan.diff,
    lint: plan.lint,
    deployment_ids: plan.compiled.deploymentIds,
    config_yaml: plan.compiled.yaml,
  };
}

export function toConfigReleaseSummary(release: ConfigReleaseEntity): Plain<ConfigReleaseSummaryView> {
  const { activatedAt, createdAt, endedAt } = release;
  return {
    id: release.id,
    number: release.number,
    status: release.status,
    phase: release.phase,
    failure: release.failure,
    note: release.note,
    rollback_of_id: release.rollbackOfId,
    created_by: release.createdBy,
    created_at: createdAt.toISOString(),
    activated_at: activatedAt?.toISOString() ?? null,
    ended_at: endedAt?.toISOString() ?? null,
    apply_duration_ms: activatedAt ? activatedAt.getTime() - createdAt.getTime() : null,
    deployment_count: release.deploymentIds.length,
    config_sha256: release.configSha256,
  };
}

function toVerificationView(verification: Record<string, unknown>): ConfigReleaseView['verification'] {
  if (Object.keys(verification).length === 0) return null;
  const { deployment_ids, litellm_version, engine, duration_ms, detail } = verification;
  // Rows hold what verificationOf (libs/domain) wrote.
  return {
    deployment_ids,
    litellm_version,
    engine,
    duration_ms,
    detail,
  } as ConfigReleaseView['verification'];
}

export function toConfigReleaseView(release: ConfigReleaseEntity): ConfigReleaseView {
  return {
    ...toConfigReleaseSummary(release),
    config_yaml: release.configYaml,
    deployment_ids: release.deploymentIds,
    models: release.models,
    lint: release.lint as LintFindingView[],
    diff: release.diff as unknown as ConfigDiffView,
    verification: toVerificationView(release.verification),
  };
}
