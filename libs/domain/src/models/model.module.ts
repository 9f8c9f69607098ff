import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { FactsModule } from '@signalbox/domain/catalogue';
import { OutboxModule } from '@signalbox/domain/outbox';
import { DeploymentWriter } from './deployment-writer';
import { ModelRepository } from './model.repository';
import { ModelService } from './model.service';

@Module({
  imports: [AuditModule, FactsModule, OutboxModule],
  providers: [ModelService, DeploymentWriter, ModelRepository],
  exports: [ModelService],
})
export class ModelsModule {}
