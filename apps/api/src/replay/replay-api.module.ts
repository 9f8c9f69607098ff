import { Module } from '@nestjs/common';
import { ReplayModule } from '@signalbox/domain/replay';
import { ReplayController } from './replay.controller';

@Module({ imports: [ReplayModule], controllers: [ReplayController] })
export class ReplayApiModule {}
