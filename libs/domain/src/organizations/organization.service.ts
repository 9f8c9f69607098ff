import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, decodeIdCursor, newId, type Page, toPage } from '@signalbox/common';
import { OrganizationEntity, type OutboxTopic, TenantTransactions } from '@signalbox/database';
import {
  type Caller,
  requireOperator,
  requirePlatform,
  requireScope,
  tenantOf,
} from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK, requireVersion } from '@signalbox/domain/core';
import { CredentialRemoval } from '@signalbox/domain/credentials';
import { givenLimits, type LimitSettings, noLimits } from '@signalbox/domain/limits';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { ProjectionService } from '@signalbox/domain/projection';
import type { RateLimitTier } from '@signalbox/gateway';
import type { EntityManager } from 'typeorm';
import { type OrganizationFilter, OrganizationRepository } from './organization.repository';

const topics: readonly OutboxTopic[] = ['project.organization'];

export interface OrganizationSettings extends LimitSettings {
  name?: string | undefined;
  blocked?: boolean | undefined;
  /** Whether the platform's provider keys may pay for its calls. */
  platformCredentials?: boolean | undefined;
  /** Gives the limits that are not set by themselves. null: none. */
  rateLimitTier?: RateLimitTier | null | undefined;
  metadata?: Record<string, unknown> | undefined;
}

export interface CreateOrganization extends OrganizationSettings {
  name: string;
}

export interface UpdateOrganization extends OrganizationSettings {
  /** Refuses the change if the row has another version by now. */
  version?: number | undefined;
}

@Injectable()
export class OrganizationService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: OrganizationRepository,
    private readonly outbox: OutboxRepository,
    private readonly audit: AuditTrail,
    private readonly projection: ProjectionService,
    private readonly credentials: CredentialRemoval,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async create(caller: Caller, input: CreateOrganization): Promise<OrganizationEntity> {
    requireOperator(caller, 'organizations:write');
    const now = this.clock.now();
    const organization = Object.assign(new OrganizationEntity(), {
      id: newId('organization', now.getTime()),
      version: 1,
      createdAt: now,
      updatedAt: now,
      name: input.name,
      blocked: input.blocked ?? false,
      platformCredentials: input.platformCredentials ?? true,
      rateLimitTier: input.rateLimitTier ?? null,
      ...noLimits,
      ...givenLimits(input),
      metadata: input.metadata ?? {},
      deletedAt: null,
    });
    await this.transactions.run(tenantOf(caller), async (manager) => {
      await this.repository.insert(manager, organization);
      const { name, blocked, platformCredentials, rateLimitTier } = organization;
      const changes = { name, blocked, platformCredentials, rateLimitTier, ...givenLimits(input) };
      await this.announce(manager, caller, organization, 'created', changes);
    });
    return this.live(organization);
  }

  async list(
    caller: Caller,
    filter: OrganizationFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<OrganizationEntity>> {
    requireScope(caller, 'organizations:read');
    const before = decodeIdCursor('organization', cursor);
    const rows = await this.transactions.run(tenantOf(caller), (manager) =>
      this.repository.list(manager, filter, { limit: limit + 1, before }),
    );
    return toPage(
      rows,
      limit,
      (row) => row.id,
      (row) => row,
    );
  }

  async get(caller: Caller, id: string): Promise<OrganizationEntity> {
    requireScope(caller, 'organizations:read');
    return this.transactions.run(tenantOf(caller), async (manager) =>
      known(await this.repository.find(manager, id)),
    );
  }

  /** An organization may rename itself, but only the platform blocks, unblocks, limits, and says whether it pays. */
  async update(caller: Caller, id: string, input: UpdateOrganization): Promise<OrganizationEntity> {
    requireScope(caller, 'organizations:write');
    if (isForPlatform(input)) requirePlatform(caller);
    const updated = await this.transactions.run(tenantOf(caller), async (manager) => {
      const organization = known(await this.repository.findForUpdate(manager, id));
      requireVersion(organization, input.version);
      if (input.name !== undefined) organization.name = input.name;
      if (input.blocked !== undefined) organization.blocked = input.blocked;
      if (input.platformCredentials !== undefined) {
        organization.platformCredentials = input.platformCredentials;
      }
      if (input.metadata !== undefined) organization.metadata = input.metadata;
      if (input.rateLimitTier !== undefined) organization.rateLimitTier = input.rateLimitTier;
      Object.assign(organization, givenLimits(input));
      await this.save(manager, organization);
      if (input.blocked !== undefined) await this.outbox.addMirrorOfWorkspaces(manager, organization.id);
      const { version: _version, metadata, ...changes } = input;
      await this.announce(manager, caller, organization, 'updated', {
        ...changes,
        ...(metadata === undefined ? {} : { metadata: 'changed' }),
      });
      return organization;
    });
    return this.live(updated);
  }

  /** Its services, service tokens and provider keys end with it. The row stays for the record. */
  async delete(caller: Caller, id: string): Promise<void> {
    requireOperator(caller, 'organizations:write');
    const { deleted, removed } = await this.transactions.run(tenantOf(caller), async (manager) => {
      const organization = known(await this.repository.findForUpdate(manager, id));
      const workspaceCount = await this.repository.countWorkspaces(manager, id);
      if (workspaceCount > 0) {
        throw new AppError(
          'organization_not_empty',
          `It has ${workspaceCount} workspace(s). Delete them first: GET /api/v1/workspaces?organization_id=${id}.`,
        );
      }
      organization.deletedAt = this.clock.now();
      await this.save(manager, organization);
      const keys = await this.credentials.removeAllOf(manager, caller, { organizationId: id });
      const services = await this.repository.deleteServices(manager, id, organization.deletedAt);
      for (const serviceId of services) await this.outbox.add(manager, ['project.service'], serviceId, id);
      await this.announce(manager, caller, organization, 'deleted', services.length > 0 ? { services } : {});
      return { deleted: organization, removed: keys };
    });
    await this.live(deleted);
    await this.credentials.finish(removed);
  }

  private async save(manager: EntityManager, organization: OrganizationEntity): Promise<void> {
    organization.version += 1;
    organization.updatedAt = this.clock.now();
    await this.repository.save(manager, organization);
  }

  private async announce(
    manager: EntityManager,
    caller: Caller,
    organization: OrganizationEntity,
    what: 'created' | 'updated' | 'deleted',
    changes: Record<string, unknown>,
  ): Promise<void> {
    await this.outbox.add(manager, topics, organization.id, organization.id);
    await this.audit.record(manager, caller, {
      action: `organization.${what}`,
      targetType: 'organization',
      targetId: organization.id,
      organizationId: organization.id,
      changes,
    });
  }

  /** After the commit, and before the answer. */
  private async live(organization: OrganizationEntity): Promise<OrganizationEntity> {
    await this.projection.drainNow(topics, organization.id);
    return organization;
  }
}

function isForPlatform(input: UpdateOrganization): boolean {
  const isLimited = input.rateLimitTier !== undefined || Object.keys(givenLimits(input)).length > 0;
  return isLimited || input.blocked !== undefined || input.platformCredentials !== undefined;
}

function known(organization: OrganizationEntity | null): OrganizationEntity {
  if (organization) return organization;
  throw new AppError(
    'organization_not_found',
    'Check the id; GET /api/v1/organizations lists the known ones.',
  );
}
