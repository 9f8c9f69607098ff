export type { WorkspaceFilter } from './workspace.repository';
export { WorkspaceService } from './workspace.service';
export type { CreateWorkspace, UpdateWorkspace } from './workspace.service';
export { WorkspacesModule } from './workspaces.module';
