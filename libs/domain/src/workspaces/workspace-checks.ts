import { AppError } from '@signalbox/common';
import type { WorkspaceEntity } from '@signalbox/database';

export function requireWorkspace(workspace: WorkspaceEntity | null): WorkspaceEntity {
  if (workspace) return workspace;
  throw new AppError('workspace_not_found', 'Check the id; GET /api/v1/workspaces lists the known ones.');
}
