import { type OrganizationDocument, unlimited, type WorkspaceDocument } from '@signalbox/gateway';

/** Without limits, lists and rules. */
export const plainWorkspace: WorkspaceDocument = {
  v: 1,
  id: 'ws_1',
  organization_id: 'org_1',
  models: [],
  blocked: false,
  deleted: false,
  credential_policy: 'byok_then_platform',
  platform_fallback: false,
  ...unlimited,
  routing: {},
};

export const plainOrganization: OrganizationDocument = {
  v: 1,
  id: 'org_1',
  blocked: false,
  deleted: false,
  platform_credentials: true,
  ...unlimited,
  routing: {},
};
