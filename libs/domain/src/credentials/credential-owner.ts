import type { CredentialEntity } from '@signalbox/database';

/** The columns that say whose a credential is. */
export type CredentialOwner = Pick<
  CredentialEntity,
  'ownerType' | 'organizationId' | 'workspaceId' | 'userId'
>;

/** The same rule as PostgreSQL's check `credentials_owner_key_check`. */
export function ownerKeyOf({ ownerType, organizationId, workspaceId, userId }: CredentialOwner): string {
  switch (ownerType) {
    case 'platform':
      return 'platform';
    case 'organization':
      return organizationId ?? '';
    case 'workspace':
      return workspaceId ?? '';
    case 'member':
      return `${organizationId}/${userId}`;
  }
}
