import type { CredentialEntity, CredentialVersionEntity } from '@signalbox/database';

/** What a credential's rotation is about, read in one transaction. */
export interface CredentialSubject {
  readonly credential: CredentialEntity;
  /** The provider's; `unknown` for a deleted credential whose provider is gone. */
  readonly kind: string;
  readonly from: CredentialVersionEntity | null;
  readonly to: CredentialVersionEntity | null;
}

export interface SubjectEnd {
  readonly code: string;
  readonly detail: string;
}

/** @returns why nothing can be switched any more, or null */
export function endOf(credential: CredentialEntity | null): SubjectEnd | null {
  if (!credential || credential.deletedAt !== null)
    return { code: 'credential_deleted', detail: 'The credential was deleted.' };
  if (!credential.enabled)
    return { code: 'credential_disabled', detail: 'The credential was disabled. Its value stays as it was.' };
  return null;
}

/** Where the credential's calls go, and whether its owner may have chosen a private address. */
export function addressOf(credential: CredentialEntity): { baseUrl: string | null; isTrustedUrl: boolean } {
  return {
    baseUrl: credential.baseUrl ?? credential.provider?.baseUrl ?? null,
    isTrustedUrl: credential.baseUrl === null || credential.ownerType === 'platform',
  };
}
