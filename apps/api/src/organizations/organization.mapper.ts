import type { OrganizationEntity } from '@signalbox/database';
import type { OrganizationView } from './organization.dto';

export function toOrganizationView(organization: OrganizationEntity): OrganizationView {
  const { id, name, blocked, metadata, version, createdAt, updatedAt } = organization;
  return {
    id,
    name,
    blocked,
    metadata,
    version,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  };
}
