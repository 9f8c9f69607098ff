import type { Drift } from '@signalbox/domain/drift';
import type { ConfigDriftView, KeyDriftView, ModelDriftView } from './config-drift.dto';

function toModelDriftView(report: NonNullable<Drift['models']>): ModelDriftView {
  return {
    checked_at: report.checkedAt,
    state: report.state,
    repair: report.repair,
    drift_since: report.driftSince,
    active_release_id: report.activeReleaseId,
    running_release_id: report.runningReleaseId,
    missing_deployment_ids: report.missing,
    unexpected_deployment_ids: report.unexpected,
    detail: report.detail,
  };
}

function toKeyDriftView(report: NonNullable<Drift['keys']>): KeyDriftView {
  return {
    checked_at: report.startedAt,
    duration_ms: report.durationMs,
    error: report.error,
    keys_in_litellm: report.keysInLitellm,
    teams_in_litellm: report.teamsInLitellm,
    keys: report.keys,
    teams: report.teams,
    restored_keys: report.restoredKeys,
  };
}

export function toConfigDriftView({ models, keys }: Drift): ConfigDriftView {
  return { models: models && toModelDriftView(models), keys: keys && toKeyDriftView(keys) };
}
