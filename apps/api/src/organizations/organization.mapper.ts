import type { OrganizationEntity } from '@signalbox/database';
import { limitsOf, toLimitSettings } from '@signalbox/domain/limits';
import type { CreateOrganization, UpdateOrganization } from '@signalbox/domain/organizations';
import { limitsUnderTier } from '@signalbox/gateway';
import type { CreateOrganizationBody, OrganizationView, UpdateOrganizationBody } from './organization.dto';

function toSettings(body: UpdateOrganizationBody): Omit<UpdateOrganization, 'version'> {
  return {
    name: body.name,
    blocked: body.blocked,
    platformCredentials: body.platform_credentials,
    metadata: body.metadata,
    rateLimitTier: body.rate_limit_tier,
    ...toLimitSettings(body),
  };
}

export function toCreateOrganization(body: CreateOrganizationBody): CreateOrganization {
  return { ...toSettings(body), name: body.name };
}

export function toUpdateOrganization(body: UpdateOrganizationBody): UpdateOrganization {
  return { ...toSettings(body), version: body.version };
}

export function toOrganizationView(organization: OrganizationEntity): OrganizationView {
  const { id, name, blocked, platformCredentials, rateLimitTier, metadata, version } = organization;
  const limits = limitsOf(organization);
  return {
    id,
    name,
    blocked,
    platform_credentials: platformCredentials,
    rate_limit_tier: rateLimitTier,
    ...limits,
    effective_limits: limitsUnderTier(limits, rateLimitTier),
    metadata,
    version,
    created_at: organization.createdAt.toISOString(),
    updated_at: organization.updatedAt.toISOString(),
  };
}
