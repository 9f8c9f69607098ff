import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { CredentialsModule } from '@signalbox/domain/credentials';
import { OutboxModule } from '@signalbox/domain/outbox';
import { ProjectionModule } from '@signalbox/domain/projection';
import { OrganizationRepository } from './organization.repository';
import { OrganizationService } from './organization.service';

@Module({
  imports: [AuditModule, CredentialsModule, OutboxModule, ProjectionModule],
  providers: [OrganizationRepository, OrganizationService],
  exports: [OrganizationService],
})
export class OrganizationsModule {}
