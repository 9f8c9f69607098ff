import type { ConfigReleaseEntity } from '@signalbox/database';
import type { Heartbeat } from '@signalbox/domain/heartbeats';
import type { MirrorReport } from '@signalbox/domain/mirror';
import type { RunnerReport } from './runner-probe';
import type { SecretStoreReport } from './secret-store-probe';
import type { CredentialCounts, MirrorCounts, OutboxBacklog } from './status.repository';

/** What concerns the installation as a whole: for platform callers only. */
export interface PlatformStatus {
  runner: RunnerReport | null;
  edges: Heartbeat[];
  workers: Heartbeat[];
  activeRelease: ConfigReleaseEntity | null;
  applyingRelease: ConfigReleaseEntity | null;
  outbox: OutboxBacklog;
  secretStore: SecretStoreReport;
  /** null: LiteLLM's keys and teams were not compared yet, or Redis does not answer. */
  mirrorReport: MirrorReport | null;
}

export interface Status {
  version: string;
  databaseLatencyMs: number;
  /** null: Redis does not answer. */
  redisLatencyMs: number | null;
  litellm: 'running' | 'starting' | 'down' | 'unknown';
  litellmVersion: string | null;
  /** Enabled provider keys of the caller, by state. */
  credentials: CredentialCounts;
  /** Of the caller's own rows. */
  mirror: { workspaces: MirrorCounts; virtualKeys: MirrorCounts };
  /** null: the caller is bound to an organization. */
  platform: PlatformStatus | null;
  /** Sentences for a person: what is not well and what to do. Empty: all is well. */
  problems: string[];
}
