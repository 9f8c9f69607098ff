import { systemCaller } from '@signalbox/domain/access';
import { CredentialCheckService } from '@signalbox/domain/credential-checks';
import { OrganizationService } from '@signalbox/domain/organizations';
import { type ApiApp, type ApiAppOptions, openApiApp, type TestResponse } from './api-app';

export interface ShownCredential {
  id: string;
  provider: { id: string; kind: string; name: string };
  owner_type: string;
  organization_id: string | null;
  workspace_id: string | null;
  user_id: string | null;
  key_name: string;
  last4: string;
  fingerprint: string;
  base_url: string | null;
  expires_at: string | null;
  enabled: boolean;
  state: string;
  state_reason: string | null;
  next_check_at: string | null;
  version: number;
  code?: string;
  detail?: string;
}

export interface Tenant {
  organizationId: string;
  workspaceId: string;
  token: string;
}

/** The API with organizations that save provider keys. No provider is asked unless a test says what it answers. */
export interface CredentialsBench {
  api: ApiApp;
  platformToken: string;
  checkNow: jest.SpyInstance;
  tenant(name: string): Promise<Tenant>;
  save(token: string, body: object): Promise<TestResponse<ShownCredential>>;
  /** Rows of PostgreSQL, as the platform sees them. */
  rows<Row>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  auditOf(
    credentialId: string,
  ): Promise<{ action: string; actor_id: string; changes: Record<string, unknown> }[]>;
}

export const credentialsPath = '/api/v1/credentials';

export async function openCredentialsBench(options: ApiAppOptions = {}): Promise<CredentialsBench> {
  const api = await openApiApp(options);
  const platformToken = await api.createToken();
  const rows = async <Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> =>
    api.database.transactions.run('platform', (manager) => manager.query<Row[]>(sql, parameters));
  return {
    api,
    platformToken,
    checkNow: jest
      .spyOn(api.get(CredentialCheckService), 'checkNow')
      .mockRejectedValue(new Error('no provider is asked in this test')),
    tenant: async (name) => {
      const { id: organizationId } = await api
        .get(OrganizationService)
        .create(systemCaller('test'), { name: `organization ${name}` });
      const token = await api.createToken({ organizationId });
      const body = { organization_id: organizationId, name: `workspace ${name}` };
      const workspace = await api.call<{ id: string }>('POST', '/api/v1/workspaces', { token, body });
      return { organizationId, workspaceId: workspace.body.id, token };
    },
    save: (token, body) => api.call<ShownCredential>('POST', credentialsPath, { token, body }),
    rows,
    auditOf: (credentialId) =>
      rows('SELECT action, actor_id, changes FROM audit_events WHERE target_id = $1 ORDER BY sequence', [
        credentialId,
      ]),
  };
}
