import type {
  OrganizationEntity,
  VirtualKeyEntity,
  VirtualKeySecretEntity,
  WorkspaceEntity,
} from '@signalbox/database';
import { endOfValue } from '@signalbox/domain/projection';
import { isSecretDead } from '@signalbox/domain/virtual-keys';
import type { SignalboxMark } from '@signalbox/litellm-client';

/** A workspace as LiteLLM should have it. */
export interface DesiredTeam {
  teamId: string;
  alias: string;
  models: string[];
  blocked: boolean;
  mark: SignalboxMark;
}

/** One value of a virtual key as LiteLLM should have it, so that it would work there without us. */
export interface DesiredKey {
  hash: string;
  alias: string;
  teamId: string;
  models: string[];
  maxBudget: number | null;
  budgetDuration: string | null;
  rpmLimit: number | null;
  tpmLimit: number | null;
  maxParallelRequests: number | null;
  blocked: boolean;
  expiresAt: Date | null;
  mark: SignalboxMark;
}

export type WorkspaceState = Pick<
  WorkspaceEntity,
  'id' | 'name' | 'organizationId' | 'models' | 'blocked' | 'deletedAt'
>;
export type OrganizationState = Pick<OrganizationEntity, 'blocked' | 'deletedAt'>;
export type SecretState = Pick<VirtualKeySecretEntity, 'id' | 'keyHash' | 'validUntil'>;

/** @returns null: LiteLLM must not have it */
export function desiredTeam(workspace: WorkspaceState, organization: OrganizationState): DesiredTeam | null {
  if (workspace.deletedAt ?? organization.deletedAt) return null;
  return {
    teamId: workspace.id,
    alias: `${workspace.name} [${workspace.id}]`,
    models: workspace.models,
    blocked: workspace.blocked || organization.blocked,
    mark: { organization_id: workspace.organizationId, workspace_id: workspace.id },
  };
}

/** LiteLLM wants aliases that are unique over all keys, and a rotated key has several values: so the value's id is in it. */
function aliasOf(keyAlias: string | null, secretId: string): string {
  return keyAlias === null ? `[${secretId}]` : `${keyAlias} [${secretId}]`;
}

/** @returns null: LiteLLM must not have it */
export function desiredKey(
  key: VirtualKeyEntity,
  secret: SecretState,
  team: DesiredTeam | null,
  now: Date,
): DesiredKey | null {
  if (!team || isSecretDead(key, secret, now)) return null;
  return {
    hash: secret.keyHash,
    alias: aliasOf(key.keyAlias, secret.id),
    teamId: team.teamId,
    models: key.models,
    maxBudget: key.maxBudget === null ? null : Number(key.maxBudget),
    budgetDuration: key.budgetDuration,
    rpmLimit: key.rpmLimit,
    tpmLimit: key.tpmLimit,
    maxParallelRequests: key.maxParallelRequests,
    blocked: key.blocked,
    expiresAt: endOfValue(secret.validUntil, key.expiresAt),
    mark: {
      key_id: key.id,
      secret_id: secret.id,
      organization_id: key.organizationId,
      workspace_id: key.workspaceId,
    },
  };
}
