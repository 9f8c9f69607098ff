import type { KeySettings, LitellmKey, LitellmTeam, TeamSettings } from '@signalbox/litellm-client';
import type { DesiredKey, DesiredTeam } from './desired-state';

/**
 * LiteLLM takes a duration from now and not a date, so its expiry is off by however long the call took. Nobody relies on
 * it: the edge decides by the exact date.
 */
const expiryToleranceMs = 60_000;

function sameList(left: readonly string[], right: readonly string[]): boolean {
  return JSON.stringify([...left].sort()) === JSON.stringify([...right].sort());
}

function sameMark(left: object, right: object | null): boolean {
  const sorted = (mark: object): string => JSON.stringify(Object.entries(mark).sort());
  return right !== null && sorted(left) === sorted(right);
}

/** What has expired is the same as what expires any moment: an earlier date cannot be set. */
function sameExpiry(desired: Date | null, actual: Date | null, now: Date): boolean {
  if (desired === null || actual === null) return desired === actual;
  const wantedMs = Math.max(desired.getTime(), now.getTime());
  const actualMs = Math.max(actual.getTime(), now.getTime());
  return Math.abs(wantedMs - actualMs) <= expiryToleranceMs;
}

/** An expiry that has passed already becomes one second: LiteLLM has no way to set a date in the past. */
export function durationUntil(expiresAt: Date | null, now: Date): string | null {
  if (expiresAt === null) return null;
  return `${Math.max(1, Math.ceil((expiresAt.getTime() - now.getTime()) / 1_000))}s`;
}

/** Everything, for a key that LiteLLM does not have yet. */
export function keySettings(desired: DesiredKey, now: Date): KeySettings {
  return {
    key_alias: desired.alias,
    team_id: desired.teamId,
    models: desired.models,
    max_budget: desired.maxBudget,
    budget_duration: desired.budgetDuration,
    rpm_limit: desired.rpmLimit,
    tpm_limit: desired.tpmLimit,
    max_parallel_requests: desired.maxParallelRequests,
    blocked: desired.blocked,
    duration: durationUntil(desired.expiresAt, now),
    metadata: { signalbox: desired.mark },
  };
}

/**
 * Only what differs: a budget_duration that is sent again, though unchanged, starts the budget's period anew.
 * @returns null: nothing differs
 */
export function diffKey(desired: DesiredKey, actual: LitellmKey, now: Date): KeySettings | null {
  const all = keySettings(desired, now);
  const isSame: Record<keyof KeySettings, boolean> = {
    key_alias: actual.key_alias === desired.alias,
    team_id: actual.team_id === desired.teamId,
    models: sameList(desired.models, actual.models),
    max_budget: actual.max_budget === desired.maxBudget,
    budget_duration: actual.budget_duration === desired.budgetDuration,
    rpm_limit: actual.rpm_limit === desired.rpmLimit,
    tpm_limit: actual.tpm_limit === desired.tpmLimit,
    max_parallel_requests: actual.max_parallel_requests === desired.maxParallelRequests,
    blocked: actual.blocked === desired.blocked,
    duration: sameExpiry(desired.expiresAt, actual.expires, now),
    metadata: sameMark(desired.mark, actual.metadata.signalbox),
  };
  return onlyDifferent(all, isSame);
}

export function teamSettings(desired: DesiredTeam): TeamSettings {
  return {
    team_alias: desired.alias,
    models: desired.models,
    blocked: desired.blocked,
    metadata: { signalbox: desired.mark },
  };
}

/** @returns null: nothing differs */
export function diffTeam(desired: DesiredTeam, actual: LitellmTeam): TeamSettings | null {
  return onlyDifferent(teamSettings(desired), {
    team_alias: actual.team_alias === desired.alias,
    models: sameList(desired.models, actual.models),
    blocked: actual.blocked === desired.blocked,
    metadata: sameMark(desired.mark, actual.metadata.signalbox),
  });
}

function onlyDifferent<Settings extends object>(
  all: Settings,
  isSame: Record<keyof Settings, boolean>,
): Settings | null {
  const different = Object.entries(all).filter(([name]) => !isSame[name as keyof Settings]);
  return different.length === 0 ? null : (Object.fromEntries(different) as Settings);
}
