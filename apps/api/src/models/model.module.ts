import { Module } from '@nestjs/common';
import { ModelsModule } from '@signalbox/domain/models';
import { ModelController } from './model.controller';

@Module({ imports: [ModelsModule], controllers: [ModelController] })
export class ModelApiModule {}
