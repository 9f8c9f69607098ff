import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { OutboxModule } from '@signalbox/domain/outbox';
import { ProjectionModule } from '@signalbox/domain/projection';
import { EdgeStateReader } from './explain/edge-state.reader';
import { RoutingExplainService } from './explain/explain.service';
import { RoutingRulesService } from './routing-rules.service';
import { RoutingVersionTrail } from './routing-version-trail';
import { RoutingVersionService } from './routing-version.service';
import { RoutingRepository } from './routing.repository';

@Module({
  imports: [AuditModule, OutboxModule, ProjectionModule],
  providers: [
    RoutingRepository,
    RoutingVersionTrail,
    RoutingRulesService,
    RoutingVersionService,
    EdgeStateReader,
    RoutingExplainService,
  ],
  exports: [RoutingRulesService, RoutingVersionService, RoutingExplainService],
})
export class RoutingModule {}
