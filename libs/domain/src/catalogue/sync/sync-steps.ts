import type { SyncSource } from '../merge/catalogue.types';

/** In this order. Each is a number of pieces of work, and each piece is one transaction. */
const syncSteps = [
  'fetch_models',
  'fetch_endpoints',
  'fetch_litellm_prices',
  'merge',
  'judge',
  'write',
  'vanish',
  'done',
] as const;
export type SyncStepName = (typeof syncSteps)[number];

export function isSyncStep(text: string): text is SyncStepName {
  return syncSteps.some((step) => step === text);
}

/** Where a sync stands, for people and for whoever goes on with it. */
export interface SyncProgress {
  /** Of the step's pieces; total is null while nobody knows. */
  readonly done?: number;
  readonly total?: number | null;
  /** Of the page of models that comes next. */
  readonly offset?: number;
  /** Failed attempts of this piece. */
  readonly attempts?: number;
  /** Which were asked, once they have answered. */
  readonly sources?: readonly SyncSource[];
  /** LiteLLM's, whose price map was read. */
  readonly litellm_version?: string;
  readonly litellm_sha256?: string;
}

export interface SyncCounts {
  readonly models?: number;
  readonly endpoints?: number;
  readonly litellm_entries?: number;
  readonly malformed?: number;
  readonly added?: number;
  readonly changed?: number;
  readonly unchanged?: number;
  readonly prices?: number;
  readonly held?: number;
  readonly vanished?: number;
}
