import { Module } from '@nestjs/common';
import { RoutingModule } from '@signalbox/domain/routing';
import { RoutingExplainController } from './routing-explain.controller';
import { RoutingRulesController } from './routing-rules.controller';
import { RoutingVersionController } from './routing-version.controller';
import { WorkspaceRoutingController } from './workspace-routing.controller';

@Module({
  imports: [RoutingModule],
  controllers: [
    RoutingRulesController,
    RoutingVersionController,
    RoutingExplainController,
    WorkspaceRoutingController,
  ],
})
export class RoutingApiModule {}
