import { Injectable } from '@nestjs/common';
import { AppError } from '@signalbox/common';
import type { CredentialOwnerType } from '@signalbox/database';
import { type Caller, requirePlatform } from '@signalbox/domain/access';
import type { EntityManager } from 'typeorm';
import { checkUserId, refuseField } from './credential-input';
import type { CredentialOwner } from './credential-owner';
import { CredentialRepository } from './credential.repository';
import type { WantedOwner } from './credential.types';

const fieldsOf: Record<CredentialOwnerType, readonly (keyof WantedOwner)[]> = {
  platform: [],
  organization: ['organizationId'],
  workspace: ['organizationId', 'workspaceId'],
  member: ['organizationId', 'userId'],
};

const fieldNames = {
  organizationId: 'organization_id',
  workspaceId: 'workspace_id',
  userId: 'user_id',
} as const;

export function ownerTypeOf(caller: Caller, wanted: WantedOwner): CredentialOwnerType {
  if (wanted.ownerType !== undefined) return wanted.ownerType;
  if (wanted.workspaceId !== undefined) return 'workspace';
  if (wanted.userId !== undefined) return 'member';
  return wanted.organizationId !== undefined || caller.organizationId !== null ? 'organization' : 'platform';
}

function checkFields(ownerType: CredentialOwnerType, wanted: WantedOwner): void {
  for (const [field, name] of Object.entries(fieldNames)) {
    const key = field as keyof typeof fieldNames;
    if (wanted[key] !== undefined && !fieldsOf[ownerType].includes(key)) {
      refuseField(name, `does not belong to the owner_type ${ownerType}`);
    }
  }
}

/** Whose a new credential is: what the request says, held against who asks and against what exists. */
@Injectable()
export class CredentialOwners {
  constructor(private readonly credentials: CredentialRepository) {}

  /** Holds the owner until the end of the transaction, so that it cannot be deleted under the new credential. */
  async resolve(manager: EntityManager, caller: Caller, wanted: WantedOwner): Promise<CredentialOwner> {
    const ownerType = ownerTypeOf(caller, wanted);
    checkFields(ownerType, wanted);
    switch (ownerType) {
      case 'platform':
        requirePlatform(caller);
        return { ownerType, organizationId: null, workspaceId: null, userId: null };
      case 'workspace':
        return this.workspace(manager, wanted);
      case 'organization':
      case 'member': {
        const organizationId = await this.organization(manager, caller, wanted);
        const userId = ownerType === 'member' ? this.userId(wanted) : null;
        return { ownerType, organizationId, workspaceId: null, userId };
      }
    }
  }

  private userId({ userId }: WantedOwner): string {
    return userId === undefined ? refuseField('user_id', 'is needed for a member') : checkUserId(userId);
  }

  private async organization(manager: EntityManager, caller: Caller, wanted: WantedOwner): Promise<string> {
    const id = wanted.organizationId ?? caller.organizationId;
    if (id === null) return refuseField('organization_id', 'is needed with a token of the platform');
    const found = await this.credentials.lockOrganization(manager, id);
    if (found) return found.id;
    throw new AppError(
      'organization_not_found',
      'Check organization_id; GET /api/v1/organizations lists the known ones.',
    );
  }

  private async workspace(
    manager: EntityManager,
    { workspaceId, organizationId }: WantedOwner,
  ): Promise<CredentialOwner> {
    if (workspaceId === undefined) return refuseField('workspace_id', 'is needed for a workspace');
    const found = await this.credentials.lockWorkspace(manager, workspaceId, organizationId);
    if (found)
      return { ownerType: 'workspace', organizationId: found.organizationId, workspaceId, userId: null };
    throw new AppError(
      'workspace_not_found',
      'Check workspace_id; GET /api/v1/workspaces lists the known ones.',
    );
  }
}
