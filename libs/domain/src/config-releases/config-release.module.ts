import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { OutboxModule } from '@signalbox/domain/outbox';
import { ProjectionModule } from '@signalbox/domain/projection';
import { ConfigReleaseService } from './config-release.service';
import { ConfigSnapshotRepository } from './config-snapshot.repository';
import { ReleaseSignal } from './release-signal';
import { ReleasedConfigs } from './released-configs';
import { ReleaseRepository } from './release.repository';
import { RunnerControl } from './runner-control';
import { RunnerReleaseService } from './runner-release.service';

@Module({
  imports: [AuditModule, OutboxModule, ProjectionModule],
  providers: [
    ConfigReleaseService,
    RunnerReleaseService,
    ReleaseRepository,
    ConfigSnapshotRepository,
    ReleasedConfigs,
    ReleaseSignal,
    RunnerControl,
  ],
  exports: [ConfigReleaseService, RunnerReleaseService, RunnerControl],
})
export class ConfigReleasesModule {}
