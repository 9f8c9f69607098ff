import type {
  CredentialEntity,
  CredentialOwnerType,
  CredentialPurpose,
  CredentialState,
} from '@signalbox/database';

/** What may be changed at any time. */
export interface CredentialSettings {
  name?: string | null | undefined;
  /** In place of the provider's own. */
  baseUrl?: string | null | undefined;
  expiresAt?: Date | null | undefined;
  enabled?: boolean | undefined;
  metadata?: Record<string, unknown> | undefined;
  /** Reminders, and rotations where the provider's keys can be made by its API. */
  rotateEveryDays?: number | null | undefined;
  /** How: see the provider's driver. */
  rotation?: Record<string, unknown> | undefined;
}

/** Whose it is to be. What is left out follows from the rest and from who asks. */
export interface WantedOwner {
  ownerType?: CredentialOwnerType | undefined;
  organizationId?: string | undefined;
  workspaceId?: string | undefined;
  userId?: string | undefined;
}

export interface CreateCredential extends CredentialSettings, WantedOwner {
  /** Id, name or kind of the provider. */
  provider: string;
  apiKey: string;
  purpose?: CredentialPurpose | undefined;
}

export interface UpdateCredential extends CredentialSettings {
  /** The one that the caller read; left out, the change is made in any case. */
  version?: number | undefined;
}

/** A member of an organization, by the name that the organization itself uses. */
export interface Member {
  organizationId?: string | undefined;
  userId: string;
}

export interface CredentialFilter {
  /** Id, name or kind. */
  provider?: string | undefined;
  providerId?: string | undefined;
  ownerType?: CredentialOwnerType | undefined;
  organizationId?: string | undefined;
  workspaceId?: string | undefined;
  userId?: string | undefined;
  state?: CredentialState | undefined;
  enabled?: boolean | undefined;
  purpose?: CredentialPurpose | undefined;
}

export interface RevealedCredential {
  credential: CredentialEntity;
  secret: string;
}
