import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, decodeCursor, newId, type Page, toPage } from '@signalbox/common';
import { isUniqueViolation, type OutboxTopic, ProviderEntity, TenantTransactions } from '@signalbox/database';
import { type Caller, requireOperator, requireScope, tenantOf } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK } from '@signalbox/domain/core';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { ProjectionService } from '@signalbox/domain/projection';
import { type StatedFacts, withStated } from '@signalbox/gateway';
import type { EntityManager } from 'typeorm';
import { checkBaseUrl } from './base-url';
import { providerKind, type ProviderKindName } from './provider-kinds';
import { type ProviderFilter, ProviderRepository } from './provider.repository';

/** Keys of the environment, the only ones that a provider takes with it, are the platform's. */
const topicsOfCredentials: readonly OutboxTopic[] = ['project.credentials'];
const platformOwner = 'platform';

export interface CreateProvider {
  name: string;
  kind: ProviderKindName;
  baseUrl?: string | null | undefined;
  description?: string | null | undefined;
  enabled?: boolean | undefined;
  facts?: StatedFacts | undefined;
}

export interface UpdateProvider extends Partial<Omit<CreateProvider, 'kind'>> {
  /** Whether `facts` are all that is stated then, and not a change of what is. */
  replaceFacts?: boolean | undefined;
}

function checkedBaseUrl(kind: string, baseUrl: string | null): string | null {
  const rule = providerKind(kind)?.baseUrl ?? 'optional';
  if (baseUrl === null && rule !== 'required') return null;
  if (baseUrl !== null && rule !== 'none') return checkBaseUrl(baseUrl);
  const message = baseUrl === null ? 'is needed for this kind' : 'has no meaning for this kind';
  throw new AppError('validation_failed', `base_url ${message} (${kind}).`, {
    fields: [{ field: 'base_url', message }],
  });
}

@Injectable()
export class ProviderService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly providers: ProviderRepository,
    private readonly outbox: OutboxRepository,
    private readonly audit: AuditTrail,
    private readonly projection: ProjectionService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async list(
    caller: Caller,
    filter: ProviderFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<ProviderEntity>> {
    requireScope(caller, 'models:read');
    const after = cursor === undefined ? null : decodeCursor(cursor);
    const rows = await this.transactions.run(tenantOf(caller), (manager) =>
      this.providers.list(manager, filter, limit + 1, after),
    );
    return toPage(
      rows,
      limit,
      (row) => row.name,
      (row) => row,
    );
  }

  async get(caller: Caller, id: string): Promise<ProviderEntity> {
    requireScope(caller, 'models:read');
    return this.transactions.run(tenantOf(caller), async (manager) =>
      this.known(await this.providers.find(manager, id)),
    );
  }

  async create(caller: Caller, input: CreateProvider): Promise<ProviderEntity> {
    requireOperator(caller, 'models:write');
    const baseUrl = checkedBaseUrl(input.kind, input.baseUrl ?? null);
    return this.write(input.name, (manager) => this.insert(manager, caller, { ...input, baseUrl }));
  }

  /** In the caller's transaction: for credentials that are found before their provider exists. */
  async findOrCreateVendorOwn(
    manager: EntityManager,
    caller: Caller,
    kind: ProviderKindName,
  ): Promise<ProviderEntity> {
    const found = await this.providers.findVendorOwn(manager, kind);
    return found ?? this.insert(manager, caller, { name: kind, kind });
  }

  async update(caller: Caller, id: string, changes: UpdateProvider): Promise<ProviderEntity> {
    requireOperator(caller, 'models:write');
    return this.write(changes.name, async (manager) => {
      const provider = this.known(await this.providers.findForUpdate(manager, id));
      if (changes.name !== undefined) provider.name = changes.name;
      if (changes.baseUrl !== undefined) {
        provider.baseUrl = checkedBaseUrl(provider.kind, changes.baseUrl);
      }
      if (changes.description !== undefined) provider.description = changes.description;
      if (changes.enabled !== undefined) provider.enabled = changes.enabled;
      const stated = changes.replaceFacts ? {} : provider.facts;
      if (changes.facts !== undefined) provider.facts = withStated(stated, changes.facts);
      provider.version += 1;
      provider.updatedAt = this.clock.now();
      const saved = await this.providers.save(manager, provider);
      await this.outbox.addFacts(manager);
      await this.record(manager, caller, 'provider.updated', id, { ...changes });
      return saved;
    });
  }

  async delete(caller: Caller, id: string): Promise<void> {
    requireOperator(caller, 'models:write');
    await this.transactions.run(tenantOf(caller), async (manager) => {
      const provider = this.known(await this.providers.findForUpdate(manager, id));
      const deploymentCount = await this.providers.countDeployments(manager, id);
      if (deploymentCount > 0) {
        throw new AppError(
          'provider_in_use',
          `${deploymentCount} deployment(s) still use this provider. Delete or move them first (GET /api/v1/llm/models?provider_id=${id}).`,
        );
      }
      const credentialCount = await this.providers.countCredentials(manager, id);
      if (credentialCount > 0) {
        throw new AppError(
          'provider_in_use',
          `${credentialCount} provider key(s) are saved for this provider. Delete them first (GET /api/v1/credentials?provider=${id}), or disable the provider.`,
        );
      }
      await this.providers.delete(manager, id, this.clock.now());
      await this.outbox.add(manager, topicsOfCredentials, platformOwner, null);
      await this.record(manager, caller, 'provider.deleted', id, { name: provider.name });
    });
    await this.projection.drainNow(topicsOfCredentials, platformOwner);
  }

  private async insert(
    manager: EntityManager,
    caller: Caller,
    input: CreateProvider,
  ): Promise<ProviderEntity> {
    const provider = Object.assign(new ProviderEntity(), {
      id: newId('provider', this.clock.nowMs()),
      version: 1,
      name: input.name,
      kind: input.kind,
      baseUrl: input.baseUrl ?? null,
      description: input.description ?? null,
      enabled: input.enabled ?? true,
      facts: withStated({}, input.facts ?? {}),
      createdAt: this.clock.now(),
      updatedAt: this.clock.now(),
    });
    await this.providers.insert(manager, provider);
    const { name, kind, baseUrl, enabled } = provider;
    await this.record(manager, caller, 'provider.created', provider.id, { name, kind, baseUrl, enabled });
    return provider;
  }

  private known(provider: ProviderEntity | null): ProviderEntity {
    if (provider) return provider;
    throw new AppError('provider_not_found', 'Check the id: GET /api/v1/llm/providers lists all providers.');
  }

  private async write<Result>(
    name: string | undefined,
    work: (manager: EntityManager) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await this.transactions.run('platform', work);
    } catch (error) {
      if (!isUniqueViolation(error, 'providers_name_key')) throw error;
      throw new AppError(
        'provider_name_taken',
        `There is a provider named ${JSON.stringify(name)}. Choose another name.`,
      );
    }
  }

  private async record(
    manager: EntityManager,
    caller: Caller,
    action: string,
    id: string,
    changes: Record<string, unknown>,
  ): Promise<void> {
    await this.audit.record(manager, caller, {
      action,
      targetType: 'provider',
      targetId: id,
      organizationId: null,
      changes,
    });
  }
}
