import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@signalbox/common';
import { type OutboxTopic, TenantTransactions, type WorkspaceEntity } from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK } from '@signalbox/domain/core';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { catalogueOf, ProjectionService, routingOf } from '@signalbox/domain/projection';
import type { RoutingPolicy } from '@signalbox/gateway';
import { z } from 'zod';
import { readRoutingInput, routingDocument } from './routing-input';
import { type RoutingWarning, routingWarnings } from './routing-warnings';
import { requireVersion, requireWorkspace } from './workspace-checks';
import { WorkspaceRepository } from './workspace.repository';

/** LiteLLM knows nothing of it, so its copy of the workspace stays as it is. */
const topics: readonly OutboxTopic[] = ['project.workspace'];

export interface WorkspaceRouting {
  workspace: WorkspaceEntity;
  /** With all defaults. */
  policy: RoutingPolicy;
  warnings: RoutingWarning[];
}

/** How a workspace's calls find their way: cascades, aliases, attempts, and what happens while LiteLLM is down. */
@Injectable()
export class WorkspaceRoutingService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: WorkspaceRepository,
    private readonly outbox: OutboxRepository,
    private readonly audit: AuditTrail,
    private readonly projection: ProjectionService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async get(caller: Caller, workspaceId: string): Promise<WorkspaceRouting> {
    requireScope(caller, 'workspaces:read');
    const workspace = await this.transactions.run(tenantOf(caller), async (manager) =>
      requireWorkspace(await this.repository.find(manager, workspaceId)),
    );
    return this.withWarnings(workspace);
  }

  /** The whole policy: what is left out takes its default. */
  async replace(caller: Caller, workspaceId: string, body: unknown): Promise<WorkspaceRouting> {
    requireScope(caller, 'workspaces:write');
    const { routing, version } = readRoutingInput(body);
    const changed = await this.transactions.run(tenantOf(caller), async (manager) => {
      const workspace = requireWorkspace(await this.repository.findForUpdate(manager, workspaceId));
      requireVersion(workspace, version);
      workspace.routing = routing;
      workspace.version += 1;
      workspace.updatedAt = this.clock.now();
      await this.repository.save(manager, workspace);
      await this.outbox.add(manager, topics, workspace.id, workspace.organizationId);
      await this.audit.record(manager, caller, {
        action: 'workspace.routing_changed',
        targetType: 'workspace',
        targetId: workspace.id,
        organizationId: workspace.organizationId,
        changes: { routing },
      });
      return workspace;
    });
    await this.projection.drainNow(topics, changed.id);
    return this.withWarnings(changed);
  }

  /** JSON Schema of the policy. */
  schema(caller: Caller): Record<string, unknown> {
    requireScope(caller, 'workspaces:read');
    return z.toJSONSchema(routingDocument, { io: 'input' });
  }

  private async withWarnings(workspace: WorkspaceEntity): Promise<WorkspaceRouting> {
    const policy = routingOf(workspace);
    // What can be asked for at all is the platform's, and no secret: GET /api/v1/llm/models shows it to everybody.
    const release = await this.transactions.run('platform', (manager) =>
      this.repository.activeRelease(manager),
    );
    return { workspace, policy, warnings: routingWarnings(policy, catalogueOf(release), workspace.models) };
  }
}
