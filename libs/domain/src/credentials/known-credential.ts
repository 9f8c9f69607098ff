import { AppError } from '@signalbox/common';
import type { CredentialEntity } from '@signalbox/database';

export function knownCredential(credential: CredentialEntity | null): CredentialEntity {
  if (credential) return credential;
  throw new AppError('credential_not_found', 'Check the id: GET /api/v1/credentials lists the known ones.');
}
