import { z } from 'zod';

/**
 * The queues. The braces are Redis Cluster's hash tag: all keys of a queue must lie on one node. A slow reconcile run
 * must not hold up hints, so they do not share a queue; nor must providers that let the checks of keys wait.
 */
export const queueNames = {
  sync: '{sync}',
  reconcile: '{reconcile}',
  housekeeping: '{housekeeping}',
  credentials: '{credentials}',
  notifications: '{notifications}',
  maintenance: '{maintenance}',
  catalogue: '{catalogue}',
  benchmarks: '{benchmarks}',
} as const;
export type QueueKey = keyof typeof queueNames;

const nothing = z.strictObject({});

/**
 * Every job: the queue that it goes through and what it carries. Job data is clear text in Redis, so a payload holds ids
 * and nothing else. The worker has a compile error for a job without a handler.
 */
export const jobs = {
  /** The outbox has something due. Only a hint: the worker looks by itself every second. */
  'outbox.drain': { queue: 'sync', payload: nothing },
  /** Compares Redis with PostgreSQL, and repairs. */
  'projection.reconcile': { queue: 'reconcile', payload: nothing },
  /** Compares LiteLLM's keys and teams with ours, and repairs. */
  'mirror.reconcile': { queue: 'reconcile', payload: nothing },
  /** Ends config releases of which the runner is silent. */
  'config_release.watch': { queue: 'housekeeping', payload: nothing },
  /** Compares what LiteLLM runs with what was released, and repairs. */
  'config_drift.check': { queue: 'housekeeping', payload: nothing },
  /** Sends the events that owners wait for. */
  'webhook.deliver': { queue: 'notifications', payload: nothing },
  /** Asks providers about the keys that are due. Also a hint, after a save. */
  'credential.check_due': { queue: 'credentials', payload: nothing },
  /** Ends keys whose time has passed, and tells owners of those that will end soon. */
  'credential.watch_expiry': { queue: 'housekeeping', payload: nothing },
  /** Takes in the keys that people keep in Infisical by hand. Also a hint, after Infisical's own notice. */
  'credential.pull': { queue: 'credentials', payload: nothing },
  /** Goes on with maintenance runs, which may take long: they have a queue of their own. */
  'maintenance.run': { queue: 'maintenance', payload: nothing },
  /** Takes secrets that nothing needs any more out of the secret stores. */
  'secrets.sweep': { queue: 'maintenance', payload: nothing },
  /** A rotation has a step due. Only a hint: the worker looks by itself. */
  'rotation.advance': { queue: 'sync', payload: nothing },
  /** Starts the rotations that policies ask for, and reminds people of the others. */
  'rotation.plan': { queue: 'housekeeping', payload: nothing },
  /** Goes on with the sync of the catalogue, and starts the daily one. Also a hint, when somebody asks for one. */
  'catalogue.sync': { queue: 'catalogue', payload: nothing },
  /** Goes on with model benchmarks, and starts those that are due. Also a hint, when somebody asks for one. */
  'benchmark.advance': { queue: 'benchmarks', payload: nothing },
  /** Looks how providers are. Some let it wait, as they do with checks of keys. */
  'provider_health.refresh': { queue: 'credentials', payload: nothing },
  /** Removes what has had its time. */
  'housekeeping.sweep': { queue: 'housekeeping', payload: nothing },
} as const satisfies Record<string, { queue: QueueKey; payload: z.ZodObject }>;

export type JobName = keyof typeof jobs;
export type JobPayload<Name extends JobName> = z.infer<(typeof jobs)[Name]['payload']>;

/** One handler for each job, typed by the same map as the producer. */
export type JobHandlers = {
  /** The signal comes when the process is to end: a long run breaks off soon after it and is tried again later. */
  [Name in JobName]: (payload: JobPayload<Name>, signal: AbortSignal) => Promise<void>;
};

export function isJobName(text: string): text is JobName {
  return Object.hasOwn(jobs, text);
}

/** @throws when the payload is not what the job's name promises */
export function parseJobPayload<Name extends JobName>(name: Name, data: unknown): JobPayload<Name> {
  return jobs[name].payload.parse(data) as JobPayload<Name>;
}
