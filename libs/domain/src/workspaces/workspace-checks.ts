import { AppError } from '@signalbox/common';
import type { WorkspaceEntity } from '@signalbox/database';

export function requireWorkspace(workspace: WorkspaceEntity | null): WorkspaceEntity {
  if (workspace) return workspace;
  throw new AppError('workspace_not_found', 'Check the id; GET /api/v1/workspaces lists the known ones.');
}

/** @param version the one that the caller read; undefined: the change is made in any case */
export function requireVersion(workspace: WorkspaceEntity, version: number | undefined): void {
  if (version === undefined || version === workspace.version) return;
  throw new AppError('version_conflict', 'Read it again, and repeat the change if it still makes sense.');
}
