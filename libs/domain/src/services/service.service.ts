import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, decodeIdCursor, newId, type Page, toPage } from '@signalbox/common';
import { isUniqueViolation, type OutboxTopic, ServiceEntity, TenantTransactions } from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK, requireVersion } from '@signalbox/domain/core';
import { givenLimits, type LimitSettings, noLimits } from '@signalbox/domain/limits';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { ProjectionService } from '@signalbox/domain/projection';
import type { EntityManager } from 'typeorm';
import { type ServiceFilter, ServiceRepository } from './service.repository';

const topics: readonly OutboxTopic[] = ['project.service'];

export interface ServiceSettings extends LimitSettings {
  /** Unique in the organization. */
  name?: string | undefined;
}

export interface CreateService extends ServiceSettings {
  organizationId: string;
  name: string;
}

export interface UpdateService extends ServiceSettings {
  /** Refuses the change if the row has another version by now. */
  version?: number | undefined;
}

/** Products and apps of an organization: virtual keys that name one share its limits, whatever their workspaces. */
@Injectable()
export class ServiceService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: ServiceRepository,
    private readonly outbox: OutboxRepository,
    private readonly audit: AuditTrail,
    private readonly projection: ProjectionService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async create(caller: Caller, input: CreateService): Promise<ServiceEntity> {
    requireScope(caller, 'services:write');
    const service = this.newRow(input);
    await this.write(caller, async (manager) => {
      if (!(await this.repository.lockOrganization(manager, input.organizationId))) {
        throw new AppError(
          'organization_not_found',
          'Check organization_id; GET /api/v1/organizations lists the known ones.',
        );
      }
      await this.repository.insert(manager, service);
      await this.announce(manager, caller, service, 'created', { name: service.name, ...givenLimits(input) });
    });
    return this.live(service);
  }

  async list(
    caller: Caller,
    filter: ServiceFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<ServiceEntity>> {
    requireScope(caller, 'services:read');
    const before = decodeIdCursor('service', cursor);
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

  async get(caller: Caller, id: string): Promise<ServiceEntity> {
    requireScope(caller, 'services:read');
    return this.transactions.run(tenantOf(caller), async (manager) =>
      known(await this.repository.find(manager, id)),
    );
  }

  async update(caller: Caller, id: string, input: UpdateService): Promise<ServiceEntity> {
    requireScope(caller, 'services:write');
    const updated = await this.write(caller, async (manager) => {
      const service = known(await this.repository.findForUpdate(manager, id));
      const { version, name } = input;
      requireVersion(service, version);
      if (name !== undefined) service.name = name;
      Object.assign(service, givenLimits(input));
      await this.save(manager, service);
      const changes = { ...(name === undefined ? {} : { name }), ...givenLimits(input) };
      await this.announce(manager, caller, service, 'updated', changes);
      return service;
    });
    return this.live(updated);
  }

  /** The row stays for the record; its name is free again. */
  async delete(caller: Caller, id: string): Promise<void> {
    requireScope(caller, 'services:write');
    const deleted = await this.write(caller, async (manager) => {
      const service = known(await this.repository.findForUpdate(manager, id));
      const keyCount = await this.repository.countVirtualKeys(manager, id);
      if (keyCount > 0) {
        throw new AppError(
          'service_in_use',
          `${keyCount} virtual key(s) name it. Change or delete them first: GET /api/v1/keys?service_id=${id}.`,
        );
      }
      service.deletedAt = this.clock.now();
      await this.save(manager, service);
      await this.announce(manager, caller, service, 'deleted', {});
      return service;
    });
    await this.live(deleted);
  }

  private newRow(input: CreateService): ServiceEntity {
    const now = this.clock.now();
    return Object.assign(new ServiceEntity(), {
      id: newId('service', now.getTime()),
      version: 1,
      createdAt: now,
      updatedAt: now,
      organizationId: input.organizationId,
      name: input.name,
      ...noLimits,
      ...givenLimits(input),
      deletedAt: null,
    });
  }

  private async save(manager: EntityManager, service: ServiceEntity): Promise<void> {
    service.version += 1;
    service.updatedAt = this.clock.now();
    await this.repository.save(manager, service);
  }

  private async announce(
    manager: EntityManager,
    caller: Caller,
    service: ServiceEntity,
    what: 'created' | 'updated' | 'deleted',
    changes: Record<string, unknown>,
  ): Promise<void> {
    await this.outbox.add(manager, topics, service.id, service.organizationId);
    await this.audit.record(manager, caller, {
      action: `service.${what}`,
      targetType: 'service',
      targetId: service.id,
      organizationId: service.organizationId,
      changes,
    });
  }

  /** After the commit, and before the answer. */
  private async live(service: ServiceEntity): Promise<ServiceEntity> {
    await this.projection.drainNow(topics, service.id);
    return service;
  }

  private async write<Result>(
    caller: Caller,
    work: (manager: EntityManager) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await this.transactions.run(tenantOf(caller), work);
    } catch (error) {
      if (!isUniqueViolation(error, 'services_name_key')) throw error;
      throw new AppError(
        'service_name_taken',
        'Another service of this organization has this name. Choose another one, or delete that service.',
        { fields: [{ field: 'name', message: 'is taken in this organization' }] },
      );
    }
  }
}

function known(service: ServiceEntity | null): ServiceEntity {
  if (service) return service;
  throw new AppError('service_not_found', 'Check the id; GET /api/v1/services lists the known ones.');
}
