import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { OutboxModule } from '@signalbox/domain/outbox';
import { ProjectionModule } from '@signalbox/domain/projection';
import { RoutingRulesService } from './routing-rules.service';
import { RoutingVersionTrail } from './routing-version-trail';
import { RoutingVersionService } from './routing-version.service';
import { RoutingRepository } from './routing.repository';

@Module({
  imports: [AuditModule, OutboxModule, ProjectionModule],
  providers: [RoutingRepository, RoutingVersionTrail, RoutingRulesService, RoutingVersionService],
  exports: [RoutingRulesService, RoutingVersionService],
})
export class RoutingModule {}
