import type { CredentialEntity, CredentialState } from '@signalbox/database';
import type { SettingsColumn } from './credential-input';

/**
 * What people and the clock do to a credential's state; what providers say is in @signalbox/domain/credential-checks.
 * Each sets the columns of the row, which the caller saves.
 */
export function enterState(
  credential: CredentialEntity,
  state: CredentialState,
  reason: string | null,
  now: Date,
): void {
  if (credential.state !== state) credential.stateSince = now;
  credential.state = state;
  credential.stateReason = reason;
  credential.stateDetail = null;
  credential.enabled = state !== 'disabled';
}

function isPastExpiry(credential: Pick<CredentialEntity, 'expiresAt'>, now: Date): boolean {
  return credential.expiresAt !== null && credential.expiresAt <= now;
}

/** Nobody has asked the provider about it as it is now: new, switched on again, or with another value or address. */
export function awaitCheck(credential: CredentialEntity, now: Date): void {
  credential.checkFailures = 0;
  credential.refusedAt = null;
  credential.nextCheckAt = null;
  if (isPastExpiry(credential, now)) return enterState(credential, 'expired', 'expires_at_passed', now);
  // The value is in LiteLLM's process alone, so nobody here can ask the provider about it.
  if (credential.source === 'env') return enterState(credential, 'unverified', 'environment', now);
  enterState(credential, 'pending', null, now);
  credential.nextCheckAt = now;
}

export const disabledByRequest = 'disabled_by_request';
export const variableMissing = 'variable_missing';
export const anotherEnabled = 'another_enabled';

export function switchOff(credential: CredentialEntity, reason: string, now: Date): void {
  enterState(credential, 'disabled', reason, now);
  credential.nextCheckAt = null;
  credential.refusedAt = null;
}

/** After the columns were set. Another address is another server, which may take the key or not. */
export function followSettings(
  credential: CredentialEntity,
  changed: readonly SettingsColumn[],
  enabled: boolean | undefined,
  now: Date,
): void {
  const isOn = enabled ?? credential.enabled;
  if (!isOn) {
    if (credential.enabled) switchOff(credential, disabledByRequest, now);
    return;
  }
  const isExpired = isPastExpiry(credential, now);
  const isOther = !credential.enabled || changed.includes('baseUrl');
  if (isOther || isExpired !== (credential.state === 'expired')) awaitCheck(credential, now);
}
