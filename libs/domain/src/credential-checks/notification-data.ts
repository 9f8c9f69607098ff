import type { CredentialEntity } from '@signalbox/database';
import { maskedKey } from '@signalbox/domain/credentials';

/** What the owner of a credential is told of it: enough to find it and to act, never the key. */
export function notificationData(credential: CredentialEntity): Record<string, unknown> {
  return {
    credential_id: credential.id,
    name: credential.name,
    provider: credential.provider?.kind ?? null,
    provider_id: credential.providerId,
    key_name: maskedKey(credential),
    owner_type: credential.ownerType,
    organization_id: credential.organizationId,
    workspace_id: credential.workspaceId,
    user_id: credential.userId,
    state: credential.state,
    reason: credential.stateReason,
    detail: credential.stateDetail,
    expires_at: credential.expiresAt?.toISOString() ?? null,
  };
}
