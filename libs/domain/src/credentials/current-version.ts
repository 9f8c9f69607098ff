import type { CredentialEntity, CredentialVersionEntity } from '@signalbox/database';

/** The credential shows the marks of its current version. Save it with CredentialAnnouncer. */
export function makeCurrent(credential: CredentialEntity, version: CredentialVersionEntity, now: Date): void {
  version.status = 'current';
  version.switchedAt = now;
  credential.currentVersionId = version.id;
  credential.fingerprint = version.fingerprint;
  credential.keyPrefix = version.keyPrefix;
  credential.last4 = version.last4;
}
