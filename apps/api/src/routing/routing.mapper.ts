import type { RoutingVersionEntity } from '@signalbox/database';
import {
  organizationSubject,
  platformSubject,
  type RoutingOutcome,
  type RoutingRules,
  type RoutingSubject,
  type RoutingVersion,
  workspaceSubject,
} from '@signalbox/domain/routing';
import { invalidField } from '@signalbox/common';
import type { RoutingSubjectQuery, RoutingVersionDetailView, RoutingVersionView } from './routing.dto';

export function toSubject({ workspace_id, organization_id }: RoutingSubjectQuery): RoutingSubject {
  if (workspace_id !== undefined && organization_id !== undefined) {
    throw invalidField('organization_id', 'must be left out where workspace_id is given');
  }
  if (workspace_id !== undefined) return workspaceSubject(workspace_id);
  return organization_id === undefined ? platformSubject : organizationSubject(organization_id);
}

export function toRulesView({ row, effective, warnings }: RoutingRules): object {
  const { scope, id } = row.subject;
  return {
    scope,
    organization_id: row.organizationId,
    workspace_id: scope === 'workspace' ? id : null,
    version: row.version,
    rules: row.routing,
    effective: effective.policy,
    layers: effective.layers,
    warnings,
  };
}

export function toOutcomeView(outcome: RoutingOutcome): object {
  const { isDryRun, changes, effectiveChanges } = outcome;
  return {
    ...toRulesView(outcome),
    dry_run: isDryRun,
    changes,
    effective_changes: effectiveChanges,
  };
}

export function toVersionView(version: RoutingVersionEntity): RoutingVersionView {
  const { scope, subjectId } = version;
  return {
    id: version.id,
    number: version.number,
    scope,
    organization_id: version.organizationId,
    workspace_id: scope === 'workspace' ? subjectId : null,
    actor: version.actor,
    created_at: version.createdAt.toISOString(),
  };
}

export function toVersionDetailView({ version, changes }: RoutingVersion): RoutingVersionDetailView {
  return { ...toVersionView(version), rules: version.document, changes: [...changes] };
}
