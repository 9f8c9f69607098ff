import { Module } from '@nestjs/common';
import { ServicesModule } from '@signalbox/domain/services';
import { ServiceController } from './service.controller';

@Module({ imports: [ServicesModule], controllers: [ServiceController] })
export class ServicesApiModule {}
