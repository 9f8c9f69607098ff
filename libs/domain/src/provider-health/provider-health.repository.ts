import { Injectable } from '@nestjs/common';
import {
  CredentialEntity,
  CredentialVersionEntity,
  ProviderEntity,
  ProviderHealthEntity,
} from '@signalbox/database';
import { type EntityManager, In, IsNull, Not } from 'typeorm';

/** A provider, and what is known of it before it is looked at again. */
export interface KnownProvider {
  readonly provider: ProviderEntity;
  readonly health: ProviderHealthEntity | null;
  /** The platform's own key that may be tried; null: there is none, or LiteLLM alone has its value. */
  readonly platformKey: { credential: CredentialEntity; version: CredentialVersionEntity } | null;
}

@Injectable()
export class ProviderHealthRepository {
  async listKnown(manager: EntityManager): Promise<KnownProvider[]> {
    const providers = await manager.find(ProviderEntity, { order: { id: 'ASC' } });
    const healths = await manager.find(ProviderHealthEntity);
    const healthOf = new Map(healths.map((health) => [health.providerId, health]));
    const keyOf = await this.platformKeys(manager);
    return providers.map((provider) => ({
      provider,
      health: healthOf.get(provider.id) ?? null,
      platformKey: keyOf.get(provider.id) ?? null,
    }));
  }

  /** Which deployments are whose: the edges' figures are of deployments. */
  async providersOfDeployments(manager: EntityManager): Promise<ReadonlyMap<string, string>> {
    const rows = await manager.query<{ id: string; provider_id: string }[]>(
      'SELECT id, provider_id FROM deployments',
    );
    return new Map(rows.map(({ id, provider_id: providerId }) => [id, providerId]));
  }

  async save(manager: EntityManager, health: ProviderHealthEntity): Promise<void> {
    const { provider: _provider, ...row } = health;
    await manager.upsert(ProviderHealthEntity, row, ['providerId']);
  }

  /** In a row lock: whoever saves next sees what was saved. null: the provider is gone. */
  async findForUpdate(manager: EntityManager, providerId: string): Promise<ProviderHealthEntity | null> {
    // The provider's row is the lock, since there is no row of its health at first.
    const provider = await manager.findOne(ProviderEntity, {
      where: { id: providerId },
      lock: { mode: 'for_no_key_update' },
    });
    if (!provider) return null;
    const known = await manager.findOneBy(ProviderHealthEntity, { providerId });
    return (
      known ?? Object.assign(new ProviderHealthEntity(), { providerId, state: 'unknown', failedProbes: 0 })
    );
  }

  async find(manager: EntityManager, providerIds: readonly string[]): Promise<ProviderHealthEntity[]> {
    return manager.find(ProviderHealthEntity, { where: { providerId: In([...providerIds]) } });
  }

  async listWithProviders(manager: EntityManager): Promise<ProviderHealthEntity[]> {
    return manager.find(ProviderHealthEntity, {
      relations: { provider: true },
      order: { providerId: 'ASC' },
    });
  }

  /** Environment keys are LiteLLM's: their value is nowhere else. */
  private async platformKeys(
    manager: EntityManager,
  ): Promise<ReadonlyMap<string, { credential: CredentialEntity; version: CredentialVersionEntity }>> {
    const credentials = await manager.find(CredentialEntity, {
      where: {
        ownerType: 'platform',
        purpose: 'inference',
        enabled: true,
        deletedAt: IsNull(),
        source: Not('env'),
      },
      order: { id: 'ASC' },
    });
    const versionIds = credentials.flatMap(({ currentVersionId }) => currentVersionId ?? []);
    const versions = await manager.find(CredentialVersionEntity, {
      where: { id: In(versionIds), erasedAt: IsNull() },
    });
    const versionOf = new Map(versions.map((version) => [version.id, version]));
    const found = new Map<string, { credential: CredentialEntity; version: CredentialVersionEntity }>();
    for (const credential of credentials) {
      const version = versionOf.get(credential.currentVersionId ?? '');
      const { providerId } = credential;
      if (version && providerId !== null && !found.has(providerId))
        found.set(providerId, { credential, version });
    }
    return found;
  }
}
