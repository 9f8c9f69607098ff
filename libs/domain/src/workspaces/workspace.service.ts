import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, decodeIdCursor, newId, type Page, toPage } from '@signalbox/common';
import {
  type CredentialPolicy,
  type OutboxTopic,
  TenantTransactions,
  WorkspaceEntity,
} from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK, requireVersion } from '@signalbox/domain/core';
import { CredentialRemoval } from '@signalbox/domain/credentials';
import { givenLimits, type LimitSettings, noLimits } from '@signalbox/domain/limits';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { ProjectionService } from '@signalbox/domain/projection';
import type { EntityManager } from 'typeorm';
import { requireWorkspace } from './workspace-checks';
import { type WorkspaceFilter, WorkspaceRepository } from './workspace.repository';

const topics: readonly OutboxTopic[] = ['project.workspace', 'mirror.workspace'];

export interface WorkspaceSettings extends LimitSettings {
  name?: string | undefined;
  /** Empty: every model. */
  models?: string[] | undefined;
  blocked?: boolean | undefined;
  metadata?: Record<string, unknown> | undefined;
  /** Whose provider keys pay for its calls. */
  credentialPolicy?: CredentialPolicy | undefined;
  /** May the platform pay where all own keys are dead? */
  platformFallback?: boolean | undefined;
}

export interface CreateWorkspace extends WorkspaceSettings {
  organizationId: string;
  name: string;
}

export interface UpdateWorkspace extends WorkspaceSettings {
  /** Refuses the change if the row has another version by now. */
  version?: number | undefined;
}

@Injectable()
export class WorkspaceService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: WorkspaceRepository,
    private readonly outbox: OutboxRepository,
    private readonly audit: AuditTrail,
    private readonly projection: ProjectionService,
    private readonly credentials: CredentialRemoval,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async create(caller: Caller, input: CreateWorkspace): Promise<WorkspaceEntity> {
    requireScope(caller, 'workspaces:write');
    const workspace = this.newRow(input);
    await this.transactions.run(tenantOf(caller), async (manager) => {
      if (!(await this.repository.lockOrganization(manager, input.organizationId))) {
        throw new AppError(
          'organization_not_found',
          'Check organization_id; GET /api/v1/organizations lists the known ones.',
        );
      }
      await this.repository.insert(manager, workspace);
      const { name, models, blocked, credentialPolicy, platformFallback } = workspace;
      const settings = { name, models, blocked, credentialPolicy, platformFallback };
      const changes = { ...settings, ...givenLimits(input) };
      await this.announce(manager, caller, workspace, 'created', changes);
    });
    return this.live(workspace);
  }

  async list(
    caller: Caller,
    filter: WorkspaceFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<WorkspaceEntity>> {
    requireScope(caller, 'workspaces:read');
    const before = decodeIdCursor('workspace', cursor);
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

  async get(caller: Caller, id: string): Promise<WorkspaceEntity> {
    requireScope(caller, 'workspaces:read');
    return this.transactions.run(tenantOf(caller), async (manager) =>
      requireWorkspace(await this.repository.find(manager, id)),
    );
  }

  async update(caller: Caller, id: string, input: UpdateWorkspace): Promise<WorkspaceEntity> {
    requireScope(caller, 'workspaces:write');
    const updated = await this.transactions.run(tenantOf(caller), async (manager) => {
      const workspace = requireWorkspace(await this.repository.findForUpdate(manager, id));
      requireVersion(workspace, input.version);
      if (input.name !== undefined) workspace.name = input.name;
      if (input.models !== undefined) workspace.models = input.models;
      if (input.blocked !== undefined) workspace.blocked = input.blocked;
      if (input.metadata !== undefined) workspace.metadata = input.metadata;
      if (input.credentialPolicy !== undefined) workspace.credentialPolicy = input.credentialPolicy;
      if (input.platformFallback !== undefined) workspace.platformFallback = input.platformFallback;
      Object.assign(workspace, givenLimits(input));
      await this.save(manager, workspace);
      const { version: _version, metadata, ...changes } = input;
      await this.announce(manager, caller, workspace, 'updated', {
        ...changes,
        ...(metadata === undefined ? {} : { metadata: 'changed' }),
      });
      return workspace;
    });
    return this.live(updated);
  }

  /** Its provider keys go with it. The row stays for the record. */
  async delete(caller: Caller, id: string): Promise<void> {
    requireScope(caller, 'workspaces:write');
    const { deleted, removed } = await this.transactions.run(tenantOf(caller), async (manager) => {
      const workspace = requireWorkspace(await this.repository.findForUpdate(manager, id));
      const keyCount = await this.repository.countVirtualKeys(manager, id);
      if (keyCount > 0) {
        throw new AppError(
          'workspace_not_empty',
          `It has ${keyCount} virtual key(s). Delete them first: GET /api/v1/keys?workspace_id=${id}.`,
        );
      }
      workspace.deletedAt = this.clock.now();
      await this.save(manager, workspace);
      const keys = await this.credentials.removeAllOf(manager, caller, { workspaceId: id });
      await this.announce(manager, caller, workspace, 'deleted', {});
      return { deleted: workspace, removed: keys };
    });
    await this.live(deleted);
    await this.credentials.finish(removed);
  }

  private newRow(input: CreateWorkspace): WorkspaceEntity {
    const now = this.clock.now();
    return Object.assign(new WorkspaceEntity(), {
      id: newId('workspace', now.getTime()),
      version: 1,
      createdAt: now,
      updatedAt: now,
      organizationId: input.organizationId,
      name: input.name,
      models: input.models ?? [],
      blocked: input.blocked ?? false,
      metadata: input.metadata ?? {},
      credentialPolicy: input.credentialPolicy ?? 'byok_then_platform',
      platformFallback: input.platformFallback ?? false,
      ...noLimits,
      ...givenLimits(input),
      routing: {},
      mirrorState: 'pending' as const,
      mirrorError: null,
      deletedAt: null,
    });
  }

  /** One more version, which LiteLLM does not have yet. */
  private async save(manager: EntityManager, workspace: WorkspaceEntity): Promise<void> {
    workspace.version += 1;
    workspace.updatedAt = this.clock.now();
    workspace.mirrorState = 'pending';
    workspace.mirrorError = null;
    await this.repository.save(manager, workspace);
  }

  private async announce(
    manager: EntityManager,
    caller: Caller,
    workspace: WorkspaceEntity,
    what: 'created' | 'updated' | 'deleted',
    changes: Record<string, unknown>,
  ): Promise<void> {
    await this.outbox.add(manager, topics, workspace.id, workspace.organizationId);
    await this.audit.record(manager, caller, {
      action: `workspace.${what}`,
      targetType: 'workspace',
      targetId: workspace.id,
      organizationId: workspace.organizationId,
      changes,
    });
  }

  /** After the commit, and before the answer. */
  private async live(workspace: WorkspaceEntity): Promise<WorkspaceEntity> {
    await this.projection.drainNow(topics, workspace.id);
    return workspace;
  }
}
