import { Module } from '@nestjs/common';
import { ConfigReleasesModule } from '@signalbox/domain/config-releases';
import { RunnerController } from './runner.controller';

@Module({ imports: [ConfigReleasesModule], controllers: [RunnerController] })
export class RunnerApiModule {}
