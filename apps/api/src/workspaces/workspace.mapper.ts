import type { WorkspaceEntity } from '@signalbox/database';
import { limitsOf, toLimitSettings } from '@signalbox/domain/limits';
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
    ...limitsOf(workspace),
    mirror: { state: workspace.mirrorState, error: workspace.mirrorError },
    version,
    created_at: workspace.createdAt.toISOString(),
    updated_at: workspace.updatedAt.toISOString(),
  };
}

export function toCreateWorkspace(body: CreateWorkspaceBody): CreateWorkspace {
  return { ...toSettings(body), organizationId: body.organization_id, name: body.name };
}

export function toUpdateWorkspace(body: UpdateWorkspaceBody): UpdateWorkspace {
  return { ...toSettings(body), version: body.version };
}

function toSettings(body: UpdateWorkspaceBody): Omit<UpdateWorkspace, 'version'> {
  return {
    name: body.name,
    models: body.models,
    blocked: body.blocked,
    metadata: body.metadata,
    credentialPolicy: body.credential_policy,
    platformFallback: body.platform_fallback,
    ...toLimitSettings(body),
  };
}

export function toWorkspaceFilter(query: ListWorkspacesQuery): WorkspaceFilter {
  const { organization_id, search, blocked, mirror_state } = query;
  return { organizationId: organization_id, search, blocked, mirrorState: mirror_state };
}
