import type { JobName } from '@signalbox/jobs';

export interface Schedule {
  job: JobName;
  everyMs: number;
}

/** What runs by itself. Any number of workers may know the same table: each round is one job, which one of them takes. */
export const schedules: readonly Schedule[] = [
  { job: 'projection.reconcile', everyMs: 60_000 },
  { job: 'mirror.reconcile', everyMs: 600_000 },
  { job: 'config_release.watch', everyMs: 30_000 },
  { job: 'config_drift.check', everyMs: 60_000 },
  { job: 'webhook.deliver', everyMs: 2_000 },
  { job: 'credential.check_due', everyMs: 5_000 },
  { job: 'credential.watch_expiry', everyMs: 30_000 },
  { job: 'credential.pull', everyMs: 60_000 },
  { job: 'maintenance.run', everyMs: 30_000 },
  { job: 'secrets.sweep', everyMs: 600_000 },
  { job: 'rotation.plan', everyMs: 300_000 },
  // Looks whether the daily sync is due, and goes on with one that waits for its sources.
  { job: 'catalogue.sync', everyMs: 30_000 },
  // Looks whether a scheduled run is due, and goes on with one that a worker left.
  { job: 'benchmark.advance', everyMs: 10_000 },
  { job: 'provider_health.refresh', everyMs: 60_000 },
  { job: 'housekeeping.sweep', everyMs: 300_000 },
];
