import type { ConfigReleaseEntity } from '@signalbox/database';
import type { Heartbeat } from '@signalbox/domain/heartbeats';
import type { PlatformStatus, RunnerReport, Status } from '@signalbox/domain/status';
import type { StatusView } from './status.dto';

type PlatformView = Required<
  Pick<
    StatusView,
    | 'runner'
    | 'edges'
    | 'workers'
    | 'active_release'
    | 'applying_release'
    | 'outbox'
    | 'secret_store'
    | 'mirror_comparison'
  >
>;

function toStore(latencyMs: number | null): StatusView['database'] {
  if (latencyMs === null) return { status: 'down', latency_ms: null };
  return { status: 'ok', latency_ms: Math.round(latencyMs * 10) / 10 };
}

function toRunner(runner: RunnerReport | null): PlatformView['runner'] {
  if (!runner) return { status: 'down', engine: null, active: null, candidate: null, last_failure: null };
  const { active, candidate, engine, last_failure } = runner;
  return {
    status: 'ok',
    engine: engine ?? null,
    active: active && {
      slot: active.slot,
      release_id: active.release_id ?? null,
      release_number: active.release_number ?? null,
      database_mode: active.database_mode,
      started_at: active.started_at ?? null,
    },
    candidate: candidate
      ? { slot: candidate.slot, release_number: candidate.release_number ?? null, phase: candidate.phase }
      : null,
    last_failure: last_failure?.reason ?? null,
  };
}

function toProcess({ process: _process, id, pid, started_at, reported_at, ...details }: Heartbeat) {
  const dates = { started_at: started_at ?? null, reported_at: reported_at ?? null };
  return { id, pid: pid ?? null, ...dates, details };
}

function toReleaseRef(release: ConfigReleaseEntity | null) {
  if (!release) return null;
  const { id, number, activatedAt } = release;
  return { id, number, activated_at: activatedAt?.toISOString() ?? null };
}

function toComparison(report: PlatformStatus['mirrorReport']): PlatformView['mirror_comparison'] {
  if (!report) return null;
  return {
    started_at: report.startedAt,
    duration_ms: report.durationMs,
    error: report.error,
    keys_in_litellm: report.keysInLitellm,
    teams_in_litellm: report.teamsInLitellm,
    keys: report.keys,
    teams: report.teams,
    restored_keys: report.restoredKeys,
    foreign_examples: report.foreignExamples,
  };
}

function toPlatform(platform: PlatformStatus): PlatformView {
  const { pendingCount, failingCount, oldestSeconds } = platform.outbox;
  return {
    runner: toRunner(platform.runner),
    edges: platform.edges.map(toProcess),
    workers: platform.workers.map(toProcess),
    active_release: toReleaseRef(platform.activeRelease),
    applying_release: toReleaseRef(platform.applyingRelease),
    outbox: { pending: pendingCount, failing: failingCount, oldest_seconds: oldestSeconds },
    secret_store: { ...toStore(platform.secretStore.latencyMs), kind: platform.secretStore.kind },
    mirror_comparison: toComparison(platform.mirrorReport),
  };
}

export function toStatusView(status: Status): StatusView {
  return {
    status: status.problems.length === 0 ? 'ok' : 'degraded',
    problems: status.problems,
    version: status.version,
    database: toStore(status.databaseLatencyMs),
    redis: toStore(status.redisLatencyMs),
    litellm: {
      status: status.litellm,
      version: status.litellmVersion,
    },
    credentials: status.credentials,
    mirror: { workspaces: status.mirror.workspaces, virtual_keys: status.mirror.virtualKeys },
    ...(status.platform ? toPlatform(status.platform) : {}),
  };
}
