import type { CredentialState } from '@signalbox/database';
import type { LeasableCredential } from './lease.repository';

const usableStates: ReadonlySet<CredentialState> = new Set([
  'pending',
  'verified',
  'unverified',
  // The last resort of the edge's choice: the provider may have been paid meanwhile.
  'exhausted',
]);

/** @returns why the credential is of no use now, for people; null: it is */
export function problemOf(credential: LeasableCredential, now: Date): string | null {
  if (credential.deletedAt !== null) return 'The provider key was deleted.';
  if (!credential.enabled) return 'The provider key is disabled.';
  if (credential.purpose !== 'inference') return 'This provider key is not for calls.';
  if (credential.expiresAt !== null && credential.expiresAt <= now) return 'The provider key has expired.';
  if (!usableStates.has(credential.state)) return `The provider key is ${credential.state}.`;
  if (credential.reference === null && (credential.version === null || credential.version.erasedAt !== null))
    return 'The provider key has no value.';
  return null;
}
