import { Module } from '@nestjs/common';
import { ReplayModule } from '@signalbox/domain/replay';
import { ReplaySlots } from './replay-slots';
import { ReplayController } from './replay.controller';

@Module({ imports: [ReplayModule], controllers: [ReplayController], providers: [ReplaySlots] })
export class ReplayApiModule {}
