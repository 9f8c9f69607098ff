import { invalidField, parseDurationMs } from '@signalbox/common';
import type { CredentialEntity } from '@signalbox/database';
import type { ProviderDriver } from '@signalbox/domain/provider-drivers';

/** A credential's column `rotation`; what else is in it belongs to the provider's driver. */
export interface RotationSettings {
  /** manual: whoever is told makes the new key. */
  readonly method: 'provider_api' | 'manual';
  readonly grace: string;
  readonly deadline: string | null;
  readonly revokesOld: boolean;
  readonly adminCredentialId: string | null;
}

export const defaultGrace = '24h';
const dayMs = 86_400_000;
const defaultDeadlineMs = 7 * dayMs;
const maxGraceMs = 30 * dayMs;
const maxDeadlineMs = 90 * dayMs;

function textOr<Other>(value: unknown, other: Other): string | Other {
  return typeof value === 'string' ? value : other;
}

export function settingsOf(rotation: Record<string, unknown>): RotationSettings {
  return {
    method: rotation['method'] === 'provider_api' ? 'provider_api' : 'manual',
    grace: textOr(rotation['grace'], defaultGrace),
    deadline: textOr(rotation['deadline'], null),
    revokesOld: rotation['revoke_at_provider'] === true,
    adminCredentialId: textOr(rotation['admin_credential_id'], null),
  };
}

/** @returns why the provider cannot make the next key of this credential; null: it can */
export function providerApiProblem(
  driver: ProviderDriver,
  { purpose, rotation }: Pick<CredentialEntity, 'purpose' | 'rotation'>,
): string | null {
  if (purpose === 'admin') return 'Admin keys are made by people only';
  if (!driver.keys?.canCreateKeys) return 'This provider makes no keys by API';
  return driver.keys.problemOf({ ...rotation, method: 'provider_api' });
}

export interface Pace {
  readonly graceMs: number;
  readonly deadlineMs: number;
}

/**
 * Both count from the start. Without a deadline, the grace time has room for at least a day.
 * @throws AppError validation_failed
 */
export function paceOf(grace: string, deadline: string | null): Pace {
  const graceMs = durationMs(grace, 'grace', maxGraceMs);
  const deadlineMs =
    deadline === null
      ? Math.max(defaultDeadlineMs, graceMs + dayMs)
      : durationMs(deadline, 'deadline', maxDeadlineMs);
  return { graceMs, deadlineMs };
}

function durationMs(text: string, field: string, maxMs: number): number {
  const ms = text === '0s' ? 0 : parseDurationMs(text, field);
  if (ms <= maxMs) return ms;
  const message = `must be at most ${maxMs / dayMs}d`;
  throw invalidField(field, message);
}
