import type { CredentialEntity } from '@signalbox/database';
import type { CredentialView } from './credential.dto';

/** @param credential with its provider loaded */
export function toCredentialView(credential: CredentialEntity): CredentialView {
  const { provider } = credential;
  return {
    id: credential.id,
    provider: {
      id: credential.providerId,
      name: provider?.name ?? '',
      kind: provider?.kind ?? '',
    },
    owner_type: credential.ownerType,
    reference: credential.reference ?? credential.source,
    fingerprint: credential.fingerprint,
    last4: credential.last4,
    enabled: credential.enabled,
    version: credential.version,
    created_at: credential.createdAt.toISOString(),
    updated_at: credential.updatedAt.toISOString(),
  };
}
