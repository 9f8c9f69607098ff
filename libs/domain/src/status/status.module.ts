import { Module } from '@nestjs/common';
import { MirrorReportModule } from '@signalbox/domain/mirror';
import { HeartbeatProbe } from './heartbeat-probe';
import { RunnerProbe } from './runner-probe';
import { StatusRepository } from './status.repository';
import { StatusService } from './status.service';

@Module({
  imports: [MirrorReportModule],
  providers: [RunnerProbe, HeartbeatProbe, StatusRepository, StatusService],
  exports: [StatusService],
})
export class StatusModule {}
