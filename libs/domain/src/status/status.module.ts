import { Module } from '@nestjs/common';
import { MirrorReportModule } from '@signalbox/domain/mirror';
import { SecretsModule } from '@signalbox/domain/secrets';
import { HeartbeatProbe } from './heartbeat-probe';
import { RunnerProbe } from './runner-probe';
import { SecretStoreProbe } from './secret-store-probe';
import { StatusRepository } from './status.repository';
import { StatusService } from './status.service';

@Module({
  imports: [MirrorReportModule, SecretsModule],
  providers: [RunnerProbe, SecretStoreProbe, HeartbeatProbe, StatusRepository, StatusService],
  exports: [StatusService],
})
export class StatusModule {}
