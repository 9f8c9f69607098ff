import { Module } from '@nestjs/common';
import { HeartbeatsModule } from '@signalbox/domain/heartbeats';
import { MirrorReportModule } from '@signalbox/domain/mirror';
import { SecretsModule } from '@signalbox/domain/secrets';
import { RunnerProbe } from './runner-probe';
import { SecretStoreProbe } from './secret-store-probe';
import { StatusRepository } from './status.repository';
import { StatusService } from './status.service';

@Module({
  imports: [HeartbeatsModule, MirrorReportModule, SecretsModule],
  providers: [RunnerProbe, SecretStoreProbe, StatusRepository, StatusService],
  exports: [StatusService],
})
export class StatusModule {}
