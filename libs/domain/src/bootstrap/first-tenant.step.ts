import { Injectable } from '@nestjs/common';
import { TenantTransactions } from '@signalbox/database';
import { OrganizationService } from '@signalbox/domain/organizations';
import { WorkspaceService } from '@signalbox/domain/workspaces';
import { BootstrapRepository } from './bootstrap.repository';
import { bootstrapCaller, type Report } from './bootstrap.types';

const organizationName = 'Demo organization';
const workspaceName = 'Demo workspace';

/** The first organization and its workspace, once in the life of an installation. */
@Injectable()
export class FirstTenantStep {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: BootstrapRepository,
    private readonly organizations: OrganizationService,
    private readonly workspaces: WorkspaceService,
  ) {}

  async run(report: Report): Promise<void> {
    const known = await this.transactions.run('platform', async (manager) => ({
      hasOrganization: await this.repository.hasEverHadOrganization(manager),
      hasWorkspace: await this.repository.hasEverHadWorkspace(manager),
    }));
    if (!known.hasOrganization) {
      const { id } = await this.organizations.create(bootstrapCaller, { name: organizationName });
      report(`organization "${organizationName}" made (${id})`);
    }
    if (!known.hasWorkspace) await this.makeWorkspace(report);
  }

  private async makeWorkspace(report: Report): Promise<void> {
    const organization = await this.transactions.run('platform', (manager) =>
      this.repository.oldestOrganization(manager),
    );
    if (!organization) return;
    const { id } = await this.workspaces.create(bootstrapCaller, {
      organizationId: organization.id,
      name: workspaceName,
    });
    report(`workspace "${workspaceName}" made (${id})`);
  }
}
