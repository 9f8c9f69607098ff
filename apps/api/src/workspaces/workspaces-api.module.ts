import { Module } from '@nestjs/common';
import { WorkspacesModule } from '@signalbox/domain/workspaces';
import { WorkspaceController } from './workspace.controller';

@Module({ imports: [WorkspacesModule], controllers: [WorkspaceController] })
export class WorkspacesApiModule {}
