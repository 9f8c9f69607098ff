import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock } from '@signalbox/common';
import { type OutboxTopic, type RoutingScope, TenantTransactions } from '@signalbox/database';
import { type Caller, requirePlatform, requireScope, tenantOf } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK, requireVersion } from '@signalbox/domain/core';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { catalogueOf, ProjectionService } from '@signalbox/domain/projection';
import { readRoutingRules } from '@signalbox/gateway';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { EdgeStateReader } from './explain/edge-state.reader';
import { heldProtections } from './held-protections';
import { differenceOf, type RoutingChange } from './routing-difference';
import { routingDocument } from './routing-input';
import { effectiveOf, type EffectiveRouting, type WrittenLayers } from './routing-layers';
import { platformSubject, organizationSubject, type RoutingSubject } from './routing-subject';
import { RoutingVersionTrail } from './routing-version-trail';
import { type RoutingWarning, routingWarnings } from './routing-warnings';
import { type RoutingRow, RoutingRepository } from './routing.repository';

/** LiteLLM knows nothing of routing, so its copy of a workspace stays as it is. */
const topicOf: Readonly<Record<RoutingScope, OutboxTopic>> = {
  workspace: 'project.workspace',
  organization: 'project.organization',
  platform: 'project.settings',
};

/** The rules of one level, and what comes of them with the levels above. */
export interface RoutingRules {
  readonly row: RoutingRow;
  readonly effective: EffectiveRouting;
  readonly warnings: readonly RoutingWarning[];
}

export interface RoutingWrite {
  /** In the place of all that was written at this level. */
  readonly routing: Record<string, unknown>;
  /** The one that the caller read; undefined: the change is made in any case. */
  readonly version: number | undefined;
  /** Says what would come of it, and writes nothing. */
  readonly isDryRun: boolean;
  /** The version that is brought back. */
  readonly restores?: string;
}

export interface RoutingOutcome extends RoutingRules {
  readonly isDryRun: boolean;
  /** Of what is written at this level. */
  readonly changes: readonly RoutingChange[];
  /** Of what holds, with the levels above. */
  readonly effectiveChanges: readonly RoutingChange[];
}

interface Loaded {
  readonly row: RoutingRow;
  readonly above: WrittenLayers;
}

/** What platform, organizations and workspaces say about the way of a call: cascades, levels, groups, limits of time and money. */
@Injectable()
export class RoutingRulesService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: RoutingRepository,
    private readonly versions: RoutingVersionTrail,
    private readonly outbox: OutboxRepository,
    private readonly audit: AuditTrail,
    private readonly projection: ProjectionService,
    private readonly edgeState: EdgeStateReader,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async get(caller: Caller, subject: RoutingSubject): Promise<RoutingRules> {
    requireRoutingScope(caller, 'workspaces:read', subject.scope);
    const { row, above } = await this.transactions.run(tenantOf(caller), (manager) =>
      this.load(manager, subject, false),
    );
    return this.shown(row, above);
  }

  async replace(caller: Caller, subject: RoutingSubject, write: RoutingWrite): Promise<RoutingOutcome> {
    requireRoutingScope(caller, 'workspaces:write', subject.scope);
    const { before, after, above } = await this.transactions.run(tenantOf(caller), async (manager) => {
      const loaded = await this.load(manager, subject, !write.isDryRun);
      requireVersion(loaded.row, write.version);
      return {
        before: loaded.row,
        after: write.isDryRun
          ? { ...loaded.row, routing: write.routing }
          : await this.write(manager, caller, loaded.row, write),
        above: loaded.above,
      };
    });
    if (!write.isDryRun) await this.projection.drainNow([topicOf[subject.scope]], subject.id);
    const shown = await this.shown(after, above);
    const { policy } = effectiveOf([...above, layerOf(before)]);
    return {
      ...shown,
      isDryRun: write.isDryRun,
      changes: differenceOf(before.routing, after.routing),
      effectiveChanges: differenceOf(policy, shown.effective.policy),
    };
  }

  /** JSON Schema of the rules of any level. */
  schema(caller: Caller): Record<string, unknown> {
    requireScope(caller, 'workspaces:read');
    return z.toJSONSchema(routingDocument, { io: 'input' });
  }

  private async write(
    manager: EntityManager,
    caller: Caller,
    row: RoutingRow,
    { routing, restores }: RoutingWrite,
  ): Promise<RoutingRow> {
    const { subject, organizationId } = row;
    const version = row.version + 1;
    await this.repository.save(manager, subject, { routing, version, updatedAt: this.clock.now() });
    await this.versions.add(manager, caller, row, routing);
    await this.outbox.add(manager, [topicOf[subject.scope]], subject.id, organizationId);
    await this.audit.record(manager, caller, {
      action: `${subject.scope}.routing_changed`,
      targetType: subject.scope,
      targetId: subject.id,
      organizationId,
      changes: { routing, ...(restores === undefined ? {} : { restored_version: restores }) },
    });
    return { ...row, routing, version };
  }

  /** What stands above is read too, and not locked: it may change at any time, and then holds at once. */
  private async load(manager: EntityManager, subject: RoutingSubject, forUpdate: boolean): Promise<Loaded> {
    const row = requireRow(await this.repository.find(manager, subject, forUpdate), subject.scope);
    if (subject.scope === 'platform') return { row, above: [] };
    const subjects = [platformSubject];
    if (subject.scope === 'workspace' && row.organizationId !== null)
      subjects.push(organizationSubject(row.organizationId));
    const above: WrittenLayers[number][] = [];
    for (const one of subjects) {
      const found = await this.repository.find(manager, one);
      if (found) above.push(layerOf(found));
    }
    return { row, above };
  }

  private async shown(row: RoutingRow, above: WrittenLayers): Promise<RoutingRules> {
    const effective = effectiveOf([...above, layerOf(row)]);
    // What can be asked for at all is the platform's, and no secret: GET /api/v1/llm/models shows it to everybody.
    const release = await this.transactions.run('platform', (manager) =>
      this.repository.activeRelease(manager),
    );
    const { policy } = effective;
    const warnings = routingWarnings({
      policy,
      catalogue: catalogueOf(release),
      facts: await this.edgeState.readFacts(),
      allowed: row.models,
    });
    const held = heldProtections(readRoutingRules(row.routing), effectiveOf(above));
    return { row, effective, warnings: [...held, ...warnings] };
  }
}

function layerOf({ subject, routing }: RoutingRow): WrittenLayers[number] {
  return { layer: subject.scope, written: routing };
}

/** Whoever may write each workspace may write what they have in common; what holds for all organizations is the platform's. */
export function requireRoutingScope(
  caller: Caller,
  scope: 'workspaces:read' | 'workspaces:write',
  layer: RoutingScope,
): void {
  requireScope(caller, scope);
  if (layer === 'platform') requirePlatform(caller);
}

function requireRow(row: RoutingRow | null, scope: RoutingScope): RoutingRow {
  if (row) return row;
  if (scope === 'organization')
    throw new AppError(
      'organization_not_found',
      'Check the id; GET /api/v1/organizations lists the known ones.',
    );
  throw new AppError('workspace_not_found', 'Check the id; GET /api/v1/workspaces lists the known ones.');
}
