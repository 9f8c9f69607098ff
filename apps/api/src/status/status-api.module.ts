import { Module } from '@nestjs/common';
import { StatusModule } from '@signalbox/domain/status';
import { StatusController } from './status.controller';

@Module({ imports: [StatusModule], controllers: [StatusController] })
export class StatusApiModule {}
