export { routingBody, routingDocument } from './routing-input';
export { routingWarningCodes } from './routing-warnings';
export { type WorkspaceRouting, WorkspaceRoutingService } from './workspace-routing.service';
export type { WorkspaceFilter } from './workspace.repository';
export { WorkspaceService } from './workspace.service';
export type { CreateWorkspace, UpdateWorkspace } from './workspace.service';
export { WorkspacesModule } from './workspaces.module';
