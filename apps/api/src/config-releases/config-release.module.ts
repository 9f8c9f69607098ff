import { Module } from '@nestjs/common';
import { ConfigReleasesModule } from '@signalbox/domain/config-releases';
import { ConfigReleaseController } from './config-release.controller';

@Module({ imports: [ConfigReleasesModule], controllers: [ConfigReleaseController] })
export class ConfigReleaseApiModule {}
