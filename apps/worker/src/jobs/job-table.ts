import { Injectable } from '@nestjs/common';
import type { JobHandlers } from '@signalbox/jobs';
import { BenchmarkProcessor } from '../benchmarks/benchmark.processor';
import { CatalogueProcessor } from '../catalogue/catalogue.processor';
import { ConfigReleaseProcessor } from '../config-releases/config-release.processor';
import { CredentialCheckProcessor } from '../credential-checks/credential-check.processor';
import { CredentialImportProcessor } from '../credentials-import/credential-import.processor';
import { HousekeepingProcessor } from '../housekeeping/housekeeping.processor';
import { MaintenanceProcessor } from '../maintenance/maintenance.processor';
import { MirrorProcessor } from '../mirror/mirror.processor';
import { NotificationProcessor } from '../notifications/notification.processor';
import { OutboxLoops } from '../outbox/outbox-loops';
import { ProviderHealthProcessor } from '../provider-health/provider-health.processor';
import { ProjectionProcessor } from '../projection/projection.processor';
import { RotationProcessor } from '../rotations/rotation.processor';

/** Which handler does which job. A job without one does not compile. */
@Injectable()
export class JobTable {
  readonly handlers: JobHandlers;

  constructor(
    outbox: OutboxLoops,
    projection: ProjectionProcessor,
    mirror: MirrorProcessor,
    configReleases: ConfigReleaseProcessor,
    housekeeping: HousekeepingProcessor,
    maintenance: MaintenanceProcessor,
    notifications: NotificationProcessor,
    credentialChecks: CredentialCheckProcessor,
    credentialImport: CredentialImportProcessor,
    rotations: RotationProcessor,
    catalogue: CatalogueProcessor,
    providerHealth: ProviderHealthProcessor,
    benchmarks: BenchmarkProcessor,
  ) {
    this.handlers = {
      'outbox.drain': async () => outbox.wake(),
      'projection.reconcile': () => projection.run(),
      'mirror.reconcile': (_payload, signal) => mirror.run(signal),
      'config_release.watch': () => configReleases.watch(),
      'config_drift.check': () => configReleases.checkDrift(),
      'webhook.deliver': (_payload, signal) => notifications.deliver(signal),
      'credential.check_due': (_payload, signal) => credentialChecks.checkDue(signal),
      'credential.watch_expiry': (_payload, signal) => credentialChecks.watchExpiry(signal),
      'credential.pull': (_payload, signal) => credentialImport.pull(signal),
      'maintenance.run': (_payload, signal) => maintenance.run(signal),
      'secrets.sweep': (_payload, signal) => maintenance.sweep(signal),
      'rotation.advance': async () => rotations.advance(),
      'rotation.plan': (_payload, signal) => rotations.plan(signal),
      'catalogue.sync': (_payload, signal) => catalogue.sync(signal),
      'benchmark.advance': (_payload, signal) => benchmarks.advance(signal),
      'provider_health.refresh': (_payload, signal) => providerHealth.refresh(signal),
      'housekeeping.sweep': async () => {
        await housekeeping.run();
        await notifications.sweep();
      },
    };
  }
}
