import { Module } from '@nestjs/common';
import { ConfigReleasesModule } from '@signalbox/domain/config-releases';
import { DriftModule } from '@signalbox/domain/drift';
import { ConfigDriftController } from './config-drift.controller';
import { ConfigReleaseController } from './config-release.controller';

@Module({
  imports: [ConfigReleasesModule, DriftModule],
  controllers: [ConfigReleaseController, ConfigDriftController],
})
export class ConfigReleaseApiModule {}
