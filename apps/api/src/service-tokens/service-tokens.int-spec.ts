import { ServiceTokenEntity } from '@signalbox/database';
import { parseServiceTokenValue } from '@signalbox/gateway';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';

interface Token {
  id: string;
  name: string;
  token: string;
  token_name: string;
  scopes: string[];
  status: string;
  organization_id: string | null;
  expires_at: string | null;
  revoked_at: string | null;
}

let api: ApiApp;
let platformToken: string;
let organizationId: string;

beforeAll(async () => {
  api = await openApiApp();
  platformToken = await api.createToken();
  const made = await api.call<{ id: string }>('POST', '/api/v1/organizations', {
    token: platformToken,
    body: { name: 'Acme' },
  });
  organizationId = made.body.id;
});

afterAll(() => api.close());

const create = (body: object, token = platformToken) =>
  api.call<Token>('POST', '/api/v1/service-tokens', { token, body });

describe('a service token', () => {
  it('shows its value once and keeps only its hash', async () => {
    const { status, body } = await create({
      name: 'n8n',
      scopes: ['keys:read', 'keys:read'],
      duration: '90d',
    });
    expect(status).toBe(201);
    expect(parseServiceTokenValue(body.token)).toBe('valid');
    expect(body).toMatchObject({ scopes: ['keys:read'], status: 'active', organization_id: null });
    const shown = await api.call<Token>('GET', `/api/v1/service-tokens/${body.id}`, { token: platformToken });
    expect(shown.body).toEqual({ ...body, token: undefined });
    const rows = await api.database.transactions.run('platform', (manager) =>
      manager.find(ServiceTokenEntity),
    );
    expect(JSON.stringify(rows)).not.toContain(body.token);
  });

  it('of an organization is bound to it, whether it says so or not', async () => {
    const own = await api.createToken({ organizationId });
    expect((await create({ name: 'a', scopes: ['*'] }, own)).body.organization_id).toBe(organizationId);
    const named = await create({ name: 'b', scopes: ['*'], organization_id: organizationId }, own);
    expect(named.body.organization_id).toBe(organizationId);
    expect((await create({ name: 'c', scopes: ['*'], organization_id: null }, own)).status).toBe(403);
  });

  it('can be bound to any organization by the platform, but not to one that is not there', async () => {
    expect((await create({ name: 'a', scopes: ['*'], organization_id: organizationId })).status).toBe(201);
    const unknown = await create({ name: 'a', scopes: ['*'], organization_id: `org_${'0'.repeat(26)}` });
    expect(unknown.status).toBe(404);
  });

  it('is revoked for good; a second time changes nothing', async () => {
    const { body } = await create({ name: 'x', scopes: ['*'] });
    const revoke = () =>
      api.call<Token>('POST', `/api/v1/service-tokens/${body.id}/revoke`, { token: platformToken });
    const first = await revoke();
    expect(first.body.status).toBe('revoked');
    expect((await revoke()).body.revoked_at).toBe(first.body.revoked_at);
  });

  it('is found by name, organization and status', async () => {
    const { body } = await create({ name: 'Find Me', scopes: ['*'], organization_id: organizationId });
    const ids = async (query: string) => {
      const list = await api.call<{ data: Token[] }>('GET', `/api/v1/service-tokens?${query}`, {
        token: platformToken,
      });
      return list.body.data.map(({ id }) => id);
    };
    expect(await ids('search=find%20me')).toEqual([body.id]);
    expect(await ids(`search=${body.token_name.slice(-4)}`)).toContain(body.id);
    expect(await ids(`organization_id=${organizationId}&status=active`)).toContain(body.id);
    expect(await ids('status=expired')).toEqual([]);
    await api.call('POST', `/api/v1/service-tokens/${body.id}/revoke`, { token: platformToken });
    expect(await ids('search=find%20me&status=active')).toEqual([]);
    expect(await ids('search=find%20me&status=revoked')).toEqual([body.id]);
  });
});
