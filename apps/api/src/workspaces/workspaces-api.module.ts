import { Module } from '@nestjs/common';
import { WorkspacesModule } from '@signalbox/domain/workspaces';
import { WorkspaceRoutingController } from './workspace-routing.controller';
import { WorkspaceController } from './workspace.controller';

@Module({ imports: [WorkspacesModule], controllers: [WorkspaceController, WorkspaceRoutingController] })
export class WorkspacesApiModule {}
