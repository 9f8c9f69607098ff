import type { WorkspaceEntity } from '@signalbox/database';
import type { CreateWorkspace, UpdateWorkspace, WorkspaceFilter } from '@signalbox/domain/workspaces';
import type {
  CreateWorkspaceBody,
  ListWorkspacesQuery,
  UpdateWorkspaceBody,
  WorkspaceView,
} from './workspace.dto';

export function toWorkspaceView(workspace: WorkspaceEntity): WorkspaceView {
  const { id, name, models, blocked, metadata, version } = workspace;
  return {
    id,
    organization_id: workspace.organizationId,
    name,
    models,
    blocked,
    metadata,
    credential_policy: workspace.credentialPolicy,
    platform_fallback: workspace.platformFallback,
    mirror: { state: workspace.mirrorState, error: workspace.mirrorError },
    version,
    created_at: workspace.createdAt.toISOString(),
    updated_at: workspace.updatedAt.toISOString(),
  };
}

export function toCreateWorkspace(body: CreateWorkspaceBody): CreateWorkspace {
  const { organization_id, credential_policy, platform_fallback, ...rest } = body;
  return {
    ...rest,
    organizationId: organization_id,
    credentialPolicy: credential_policy,
    platformFallback: platform_fallback,
  };
}

export function toUpdateWorkspace(body: UpdateWorkspaceBody): UpdateWorkspace {
  const { credential_policy, platform_fallback, ...rest } = body;
  return { ...rest, credentialPolicy: credential_policy, platformFallback: platform_fallback };
}

export function toWorkspaceFilter(query: ListWorkspacesQuery): WorkspaceFilter {
  const { organization_id, search, blocked, mirror_state } = query;
  return { organizationId: organization_id, search, blocked, mirrorState: mirror_state };
}
