import type { OrganizationEntity } from '@signalbox/database';
import type { CreateOrganizationBody, OrganizationView, UpdateOrganizationBody } from './organization.dto';

/** Both bodies differ from the domain's words in one field only. */
export function toSettings<Body extends CreateOrganizationBody | UpdateOrganizationBody>({
  platform_credentials: platformCredentials,
  ...settings
}: Body) {
  return { ...settings, platformCredentials };
}

export function toOrganizationView(organization: OrganizationEntity): OrganizationView {
  const { id, name, blocked, platformCredentials, metadata, version, createdAt, updatedAt } = organization;
  return {
    id,
    name,
    blocked,
    platform_credentials: platformCredentials,
    metadata,
    version,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  };
}
