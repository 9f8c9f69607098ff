import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { ConfigReleasesModule } from '@signalbox/domain/config-releases';
import { MirrorReportModule } from '@signalbox/domain/mirror';
import { ProjectionModule } from '@signalbox/domain/projection';
import { DriftCheckService } from './drift-check.service';
import { DriftReportModule } from './drift-report.service';
import { DriftService } from './drift.service';

/** For whoever shows drift. */
@Module({
  imports: [DriftReportModule, MirrorReportModule, ProjectionModule],
  providers: [DriftService],
  exports: [DriftService],
})
export class DriftModule {}

/** For the process that compares; it must also provide a LitellmAdminClient. */
@Module({
  imports: [DriftReportModule, ConfigReleasesModule, AuditModule],
  providers: [DriftCheckService],
  exports: [DriftCheckService],
})
export class DriftCheckModule {}
