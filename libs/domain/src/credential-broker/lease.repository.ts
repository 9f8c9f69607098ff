import { Injectable } from '@nestjs/common';
import {
  type CredentialPurpose,
  type CredentialState,
  PlatformReader,
  type SecretStoreKind,
} from '@signalbox/database';
import type { StoredVersion } from '@signalbox/domain/credentials';

export interface LeasableCredential {
  readonly id: string;
  readonly organizationId: string | null;
  readonly ownerKey: string;
  readonly ownerType: string;
  readonly purpose: CredentialPurpose;
  readonly state: CredentialState;
  readonly enabled: boolean;
  readonly reference: string | null;
  /** As its owner gave it. */
  readonly baseUrl: string | null;
  /** null: its provider is gone. */
  readonly providerKind: string | null;
  readonly fingerprint: string;
  readonly expiresAt: Date | null;
  readonly deletedAt: Date | null;
  readonly version: (StoredVersion & { readonly fingerprint: string; readonly erasedAt: Date | null }) | null;
}

interface Row {
  id: string;
  organization_id: string | null;
  owner_key: string;
  owner_type: string;
  purpose: CredentialPurpose;
  state: CredentialState;
  enabled: boolean;
  reference: string | null;
  base_url: string | null;
  provider_kind: string | null;
  fingerprint: string;
  expires_at: Date | null;
  deleted_at: Date | null;
  version_id: string | null;
  version_store: SecretStoreKind;
  version_secret_name: string;
  version_fingerprint: string;
  version_erased_at: Date | null;
}

/**
 * Everything that decides who may use which credential, in one statement: the key as it is now, its workspace, its
 * organization, and the credential's owner. No row: there is no such credential for this key.
 */
const permittedCredential = {
  name: 'permitted_credential',
  text: `
SELECT c.id, c.organization_id, c.owner_key, c.owner_type, c.purpose, c.state, c.enabled, c.reference, c.base_url, p.kind AS provider_kind,
  c.fingerprint, c.expires_at, c.deleted_at, v.id AS version_id, v.secret_store AS version_store,
  v.secret_name AS version_secret_name, v.fingerprint AS version_fingerprint, v.erased_at AS version_erased_at
FROM virtual_key_secrets s
JOIN virtual_keys k ON k.id = s.virtual_key_id
JOIN workspaces w ON w.id = k.workspace_id
JOIN organizations o ON o.id = k.organization_id
JOIN credentials c ON c.id = $1
LEFT JOIN providers p ON p.id = c.provider_id
LEFT JOIN credential_versions v ON v.id = c.current_version_id AND v.credential_id = c.id
WHERE s.key_hash = $2 AND (s.valid_until IS NULL OR s.valid_until > $3)
  AND k.revoked_at IS NULL AND k.deleted_at IS NULL AND NOT k.blocked AND (k.expires_at IS NULL OR k.expires_at > $3)
  AND w.deleted_at IS NULL AND NOT w.blocked AND o.deleted_at IS NULL AND NOT o.blocked
  AND (c.owner_type = 'platform' OR w.credential_policy <> 'platform_only')
  AND CASE c.owner_type
    WHEN 'platform' THEN w.credential_policy <> 'byok_only' AND o.platform_credentials
    WHEN 'organization' THEN c.organization_id = k.organization_id
    WHEN 'workspace' THEN c.organization_id = k.organization_id AND c.workspace_id = k.workspace_id
    WHEN 'member' THEN c.organization_id = k.organization_id AND c.user_id = k.user_id
    ELSE false END`,
};

function toCredential(row: Row): LeasableCredential {
  return {
    id: row.id,
    organizationId: row.organization_id,
    ownerKey: row.owner_key,
    ownerType: row.owner_type,
    purpose: row.purpose,
    state: row.state,
    enabled: row.enabled,
    reference: row.reference,
    baseUrl: row.base_url,
    providerKind: row.provider_kind,
    fingerprint: row.fingerprint,
    expiresAt: row.expires_at,
    deletedAt: row.deleted_at,
    version:
      row.version_id === null
        ? null
        : {
            id: row.version_id,
            organizationId: row.organization_id,
            secretStore: row.version_store,
            secretName: row.version_secret_name,
            fingerprint: row.version_fingerprint,
            erasedAt: row.version_erased_at,
          },
  };
}

@Injectable()
export class LeaseRepository {
  constructor(private readonly reader: PlatformReader) {}

  /** @returns null: unknown, or not for this key; a key that is not in force may use nothing */
  async find(credentialId: string, keyHash: string, now: Date): Promise<LeasableCredential | null> {
    const rows = await this.reader.query<Row>(permittedCredential, [credentialId, keyHash, now]);
    return rows[0] ? toCredential(rows[0]) : null;
  }
}
