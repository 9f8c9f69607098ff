import type { WorkspaceEntity } from '@signalbox/database';
import type { CreateWorkspace, WorkspaceFilter } from '@signalbox/domain/workspaces';
import type { CreateWorkspaceBody, ListWorkspacesQuery, WorkspaceView } from './workspace.dto';

export function toWorkspaceView(workspace: WorkspaceEntity): WorkspaceView {
  const { id, name, models, blocked, metadata, version } = workspace;
  return {
    id,
    organization_id: workspace.organizationId,
    name,
    models,
    blocked,
    metadata,
    mirror: { state: workspace.mirrorState, error: workspace.mirrorError },
    version,
    created_at: workspace.createdAt.toISOString(),
    updated_at: workspace.updatedAt.toISOString(),
  };
}

export function toCreateWorkspace({ organization_id, ...rest }: CreateWorkspaceBody): CreateWorkspace {
  return { ...rest, organizationId: organization_id };
}

export function toWorkspaceFilter(query: ListWorkspacesQuery): WorkspaceFilter {
  const { organization_id, search, blocked, mirror_state } = query;
  return { organizationId: organization_id, search, blocked, mirrorState: mirror_state };
}
