import { AppError, invalidField } from '@signalbox/common';
import type { CredentialEntity } from '@signalbox/database';
import { driverOf } from '@signalbox/domain/provider-drivers';
import { checkBaseUrl, providerKind } from '@signalbox/domain/providers';
import type { CreateCredential, CredentialSettings } from './credential.types';

const keyLengthMax = 4_096;
/** A shorter one stands in many harmless texts. */
const keyLengthToLookFor = 8;
const userIdPattern = /^[A-Za-z0-9._@+:-]{1,128}$/;
const dayMs = 86_400_000;

export function refuseField(field: string, message: string): never {
  throw invalidField(field, message);
}

function problemOfKey(key: string): string | null {
  if (key.length === 0) return 'is empty';
  if (key.length > keyLengthMax) return `has more than ${keyLengthMax} characters`;
  if (/[\r\n]/.test(key)) return 'contains a line break';
  // Infisical takes it for a reference to another secret.
  if (key.includes('${')) return 'contains ${, as if it were a variable';
  if (!/^[\x21-\x7e]+$/.test(key)) return 'contains a space or a character that no key has';
  return null;
}

/** No text of the key is in the error. */
export function checkKey(key: string): void {
  const message = problemOfKey(key);
  if (message === null) return;
  throw new AppError(
    'credential_key_invalid',
    `api_key ${message}. Copy the key again, whole and alone, from the provider's page.`,
    { fields: [{ field: 'api_key', message }] },
  );
}

/** The other fields are shown to everybody who may see the credential. */
export function checkKeyStandsNowhereElse(input: CreateCredential): void {
  const { apiKey, ...others } = input;
  if (apiKey.length < keyLengthToLookFor || !JSON.stringify(others).includes(apiKey)) return;
  throw new AppError(
    'validation_failed',
    'The key stands in another field too. Send it in api_key only: other fields are shown.',
    { fields: [{ field: 'api_key', message: 'stands in another field too' }] },
  );
}

export function checkUserId(userId: string): string {
  if (userIdPattern.test(userId)) return userId;
  return refuseField('user_id', 'must have 1 to 128 letters, digits or . _ @ + : -');
}

/** @returns without a slash at its end */
export function baseUrlFor(kind: string, baseUrl: string): string {
  if (providerKind(kind)?.baseUrl === 'none') {
    refuseField('base_url', `has no meaning for this kind of provider (${kind})`);
  }
  return checkBaseUrl(baseUrl);
}

export function checkRotation(kind: string, rotation: Record<string, unknown>): void {
  if (Object.keys(rotation).length === 0) return;
  const { keys } = driverOf(kind);
  if (keys === null) {
    refuseField(
      'rotation',
      `must be left out: keys of ${kind} cannot be made by its API. rotate_every_days reminds of a rotation by hand`,
    );
  }
  const problem = keys.problemOf(rotation);
  if (problem !== null) refuseField('rotation', problem);
}

/** What the environment says of a key is changed there. */
export function refuseOfEnvironment(credential: CredentialEntity, settings: CredentialSettings): void {
  if (credential.source !== 'env') return;
  const isOfOurs = !settings.baseUrl && Object.keys(settings.rotation ?? {}).length === 0;
  if (isOfOurs) return;
  throw inEnvironment(credential, 'base_url and rotation are not for it');
}

export function inEnvironment({ reference }: CredentialEntity, whatFollows: string): AppError {
  const variable = (reference ?? '').replace('env:', '');
  return new AppError(
    'credential_in_environment',
    `The key is the variable ${variable} of LiteLLM's process: ${whatFollows}.`,
  );
}

export type SettingsColumn = Exclude<keyof CredentialSettings, 'enabled'>;
const columns: readonly SettingsColumn[] = [
  'name',
  'baseUrl',
  'expiresAt',
  'metadata',
  'rotateEveryDays',
  'rotation',
];

function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** Sets the given fields but `enabled`. @returns the names of those whose value is another one now */
export function applySettings(
  credential: CredentialEntity,
  settings: CredentialSettings,
  now: Date,
): SettingsColumn[] {
  const changed = columns.filter((column) => {
    const value = settings[column];
    return value !== undefined && !isSame(credential[column], value);
  });
  for (const column of changed) Object.assign(credential, { [column]: settings[column] });
  if (changed.includes('expiresAt')) credential.expiryNotifiedAt = null;
  if (changed.includes('rotateEveryDays')) {
    credential.rotationRemindedAt = null;
    credential.nextRotationAt = nextRotationAt(credential.rotateEveryDays, now);
  }
  return changed;
}

export function nextRotationAt(rotateEveryDays: number | null, from: Date): Date | null {
  return rotateEveryDays === null ? null : new Date(from.getTime() + rotateEveryDays * dayMs);
}

/** What the audit event tells. Free JSON is the caller's own and only named, not repeated. */
export function auditedSettings(
  credential: CredentialEntity,
  changed: readonly SettingsColumn[],
): Record<string, unknown> {
  const entries = changed.map((column) => {
    const value = credential[column];
    const isFree = column === 'metadata' || column === 'rotation';
    return [column, isFree ? { names: Object.keys(value as object) } : value];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}
