import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { ModelRepository } from './model.repository';
import { ModelService } from './model.service';

@Module({ imports: [AuditModule], providers: [ModelService, ModelRepository], exports: [ModelService] })
export class ModelsModule {}
