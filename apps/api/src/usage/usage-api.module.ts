import { Module } from '@nestjs/common';
import { UsageModule } from '@signalbox/domain/usage';
import { UsageEventController } from './usage-event.controller';

@Module({ imports: [UsageModule], controllers: [UsageEventController] })
export class UsageApiModule {}
