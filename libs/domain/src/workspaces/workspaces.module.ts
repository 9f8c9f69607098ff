import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { CredentialsModule } from '@signalbox/domain/credentials';
import { OutboxModule } from '@signalbox/domain/outbox';
import { ProjectionModule } from '@signalbox/domain/projection';
import { WorkspaceRepository } from './workspace.repository';
import { WorkspaceService } from './workspace.service';

@Module({
  imports: [AuditModule, CredentialsModule, OutboxModule, ProjectionModule],
  providers: [WorkspaceRepository, WorkspaceService],
  exports: [WorkspaceService],
})
export class WorkspacesModule {}
