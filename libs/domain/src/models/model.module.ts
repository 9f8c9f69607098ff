import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { DeploymentWriter } from './deployment-writer';
import { ModelRepository } from './model.repository';
import { ModelService } from './model.service';

@Module({
  imports: [AuditModule],
  providers: [ModelService, DeploymentWriter, ModelRepository],
  exports: [ModelService],
})
export class ModelsModule {}
