import type { Deprecation } from '@signalbox/domain/catalogue';
import type { DeprecationView } from './deprecation.dto';

export function toDeprecationView(report: Deprecation): DeprecationView {
  const { entry, deployments, policies, keys, tenants } = report;
  return {
    id: entry.id,
    name: entry.name,
    status: entry.status,
    expires_on: entry.expiresOn,
    vanished_at: entry.vanishedAt?.toISOString() ?? null,
    replacement_id: entry.replacementId,
    deployments: deployments.map((deployment) => ({
      id: deployment.id,
      model_id: deployment.modelId,
      model: deployment.model,
      provider_id: deployment.providerId,
      upstream_model: deployment.upstreamModel,
      enabled: deployment.enabled,
    })),
    policies: policies.map(({ scope, id, organizationId, name, places }) => ({
      scope,
      id,
      organization_id: organizationId,
      name,
      places: [...places],
    })),
    keys: keys.map((key) => ({
      id: key.id,
      key_alias: key.alias,
      organization_id: key.organizationId,
      workspace_id: key.workspaceId,
      is_named: key.isNamed,
      request_count: key.requestCount,
    })),
    tenants: tenants.map((tenant) => ({
      organization_id: tenant.organizationId,
      name: tenant.name,
      request_count: tenant.requestCount,
      last_used_at: tenant.lastUsedAt?.toISOString() ?? null,
    })),
  };
}
