import { Injectable } from '@nestjs/common';
import { TenantTransactions } from '@signalbox/database';
import type { BootstrapOptions, Report } from './bootstrap.types';
import { FirstAccessStep } from './first-access.step';
import { FirstModelsStep } from './first-models.step';
import { FirstReleaseStep } from './first-release.step';
import { FirstTenantStep } from './first-tenant.step';

const bootstrapLock = 7_346_093;

/** Makes what a new installation needs to answer its first request. Runs at every start; may be killed at any line. */
@Injectable()
export class BootstrapService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly tenant: FirstTenantStep,
    private readonly models: FirstModelsStep,
    private readonly release: FirstReleaseStep,
    private readonly access: FirstAccessStep,
  ) {}

  async run(options: BootstrapOptions, report: Report): Promise<void> {
    await this.transactions.exclusively(bootstrapLock, async () => {
      await this.tenant.run(report);
      const wasApplied = await this.release.isCatalogueApplied();
      const isChanged = await this.models.run(options.providerKeys, report);
      await this.release.run(wasApplied && isChanged, report);
      if (options.adminTokenFile) await this.access.serviceToken(options.adminTokenFile, report);
      if (options.virtualKeyFile) await this.access.virtualKey(options.virtualKeyFile, report);
    });
  }
}
