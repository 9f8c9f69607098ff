import { Injectable } from '@nestjs/common';
import { type CredentialEntity, TenantTransactions } from '@signalbox/database';
import {
  CredentialService,
  EnvironmentCredentialService,
  type EnvironmentKey,
  type EnvironmentSync,
} from '@signalbox/domain/credentials';
import { type CreateModel, ModelService } from '@signalbox/domain/models';
import { providerKind, ProviderService } from '@signalbox/domain/providers';
import { BootstrapRepository } from './bootstrap.repository';
import { bootstrapCaller, type Report } from './bootstrap.types';

const demoModelName = 'demo';
/** More platform credentials than there are kinds of providers. */
const credentialLimit = 200;

/**
 * The catalogue that works at once: the demo model, and for each provider key of the environment a credential and a
 * wildcard, such as openai/*. A model that somebody deleted does not come back.
 */
@Injectable()
export class FirstModelsStep {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: BootstrapRepository,
    private readonly providers: ProviderService,
    private readonly credentials: CredentialService,
    private readonly environment: EnvironmentCredentialService,
    private readonly models: ModelService,
  ) {}

  /** @returns whether the catalogue changed */
  async run(providerKeys: EnvironmentKey[], report: Report): Promise<boolean> {
    const isDemoMade = await this.makeDemoModel(report);
    const sync = await this.environment.sync(bootstrapCaller, providerKeys);
    reportSync(sync, report);
    const { data } = await this.credentials.list(
      bootstrapCaller,
      { enabled: true, ownerType: 'platform', purpose: 'inference' },
      credentialLimit,
    );
    let isChanged = isDemoMade || sync.changed.length + sync.disabled.length > 0;
    for (const credential of data) {
      if (await this.makeWildcard(credential, report)) isChanged = true;
    }
    return isChanged;
  }

  private async makeDemoModel(report: Report): Promise<boolean> {
    const provider = await this.transactions.run('platform', (manager) =>
      this.providers.findOrCreateVendorOwn(manager, bootstrapCaller, 'demo'),
    );
    return this.makeModel(report, {
      name: demoModelName,
      description:
        'Canned answers, no provider is called. To see that everything works; delete it when it does.',
      deployments: [{ providerId: provider.id, upstreamModel: demoModelName }],
    });
  }

  private async makeWildcard(credential: CredentialEntity, report: Report): Promise<boolean> {
    const prefix = providerKind(credential.provider?.kind ?? '')?.litellmPrefix;
    if (!prefix || credential.source !== 'env') return false;
    return this.makeModel(report, {
      name: `${prefix}/*`,
      description: `Every model of ${credential.provider?.name ?? prefix}, under the provider's own name.`,
      deployments: [{ providerId: credential.providerId, credentialId: credential.id, upstreamModel: '*' }],
    });
  }

  private async makeModel(report: Report, model: CreateModel): Promise<boolean> {
    const isKnown = await this.transactions.run('platform', (manager) =>
      this.repository.wasModelEverMade(manager, model.name),
    );
    if (isKnown) return false;
    await this.models.create(bootstrapCaller, model);
    report(`model ${model.name} made`);
    return true;
  }
}

function reportSync(sync: EnvironmentSync, report: Report): void {
  for (const name of sync.added) report(`${name} found: it is a platform credential now`);
  for (const name of sync.changed) report(`${name} has another value now: its credential is up to date`);
  for (const name of sync.disabled) report(`${name} is gone: its credential is disabled`);
  for (const name of sync.ignored) report(`${name} belongs to no known provider: ignored`);
}
