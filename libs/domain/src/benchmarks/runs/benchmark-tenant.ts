import { Inject, Injectable } from '@nestjs/common';
import { type Clock, newId } from '@signalbox/common';
import {
  isUniqueViolation,
  type OrganizationEntity,
  type OutboxTopic,
  type ServiceEntity,
  TenantTransactions,
  type WorkspaceEntity,
} from '@signalbox/database';
import { systemCaller } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK } from '@signalbox/domain/core';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { ProjectionService } from '@signalbox/domain/projection';
import type { RoutingRules } from '@signalbox/gateway';
import type { EntityManager } from 'typeorm';
import { BenchmarkTenantRepository } from './benchmark-tenant.repository';

const purpose = 'benchmarks';
const organizationName = 'Signalbox';
const workspaceName = 'Model benchmarks';
/** In usage events, the app that asked. */
const serviceName = 'benchmark';

/** A benchmark asks one model once: nobody else answers in its place, and nothing is paid for twice. */
const routing: RoutingRules = {
  cascades: {},
  aliases: {},
  groups: {},
  cross_vendor: false,
  attempt_limit: 1,
  hedge_after_ms: null,
  openrouter_fallback: 'off',
  direct_fallback: false,
  session_affinity: 'off',
  exploration: 0,
};

export interface BenchmarkTenant {
  readonly organizationId: string;
  readonly workspaceId: string;
  readonly serviceId: string;
}

const caller = systemCaller('benchmarks');

/**
 * The platform's own organization, workspace and app for benchmarks: its requests are routed and counted as everybody's, and are in no
 * customer's figures. Known by its purpose, which no API sets.
 */
@Injectable()
export class BenchmarkTenants {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: BenchmarkTenantRepository,
    private readonly outbox: OutboxRepository,
    private readonly audit: AuditTrail,
    private readonly projection: ProjectionService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Made when it is needed first, and put right where somebody has changed what must be as it is. */
  async ensure(): Promise<BenchmarkTenant> {
    const topics: [OutboxTopic, string][] = [];
    const tenant = await this.write(async (manager) => {
      const organization = await this.organization(manager, topics);
      const workspace = await this.workspace(manager, organization.id, topics);
      const service = await this.service(manager, organization.id, topics);
      return { organizationId: organization.id, workspaceId: workspace.id, serviceId: service.id };
    });
    for (const [topic, subjectId] of topics) await this.projection.drainNow([topic], subjectId);
    return tenant;
  }

  private async organization(
    manager: EntityManager,
    topics: [OutboxTopic, string][],
  ): Promise<OrganizationEntity> {
    const known = await this.repository.organization(manager, purpose);
    if (known) return known;
    const values = { ...this.newRow('organization'), name: organizationName, purpose };
    const row = await this.repository.saveOrganization(manager, values);
    await this.announce(manager, row.id, 'organization', row.id, ['project.organization'], topics);
    return row;
  }

  private async workspace(
    manager: EntityManager,
    organizationId: string,
    topics: [OutboxTopic, string][],
  ): Promise<WorkspaceEntity> {
    const known = await this.repository.workspace(manager, organizationId);
    if (known && isAsFixed(known)) return known;
    const fixed = { routing, credentialPolicy: 'platform_only' as const };
    const row = await this.repository.saveWorkspace(
      manager,
      known
        ? { ...known, ...fixed, version: known.version + 1, mirrorState: 'pending' }
        : { ...this.newRow('workspace'), ...fixed, organizationId, name: workspaceName },
    );
    const kinds = ['project.workspace', 'mirror.workspace'] as const;
    await this.announce(manager, organizationId, 'workspace', row.id, kinds, topics);
    return row;
  }

  private async service(
    manager: EntityManager,
    organizationId: string,
    topics: [OutboxTopic, string][],
  ): Promise<ServiceEntity> {
    const known = await this.repository.service(manager, organizationId, serviceName);
    if (known) return known;
    const values = { ...this.newRow('service'), organizationId, name: serviceName };
    const row = await this.repository.saveService(manager, values);
    await this.announce(manager, organizationId, 'service', row.id, ['project.service'], topics);
    return row;
  }

  private newRow(kind: 'organization' | 'workspace' | 'service') {
    const now = this.clock.now();
    return { id: newId(kind, now.getTime()), version: 1, createdAt: now, updatedAt: now };
  }

  private async announce(
    manager: EntityManager,
    organizationId: string,
    targetType: string,
    targetId: string,
    kinds: readonly OutboxTopic[],
    topics: [OutboxTopic, string][],
  ): Promise<void> {
    await this.outbox.add(manager, kinds, targetId, organizationId);
    for (const topic of kinds) topics.push([topic, targetId]);
    await this.audit.record(manager, caller, {
      action: `${targetType}.ensured`,
      targetType,
      targetId,
      organizationId,
      changes: { purpose },
    });
  }

  private async write<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    try {
      return await this.transactions.run('platform', work);
    } catch (error) {
      // Another process made it in the same moment.
      if (!isUniqueViolation(error, 'organizations_purpose_key')) throw error;
      return this.transactions.run('platform', work);
    }
  }
}

function isAsFixed(workspace: WorkspaceEntity): boolean {
  if (workspace.credentialPolicy !== 'platform_only') return false;
  const { length } = Object.keys(routing);
  const isSame = Object.entries(routing).every(
    ([name, value]) => JSON.stringify(workspace.routing[name]) === JSON.stringify(value),
  );
  return isSame && Object.keys(workspace.routing).length === length;
}
