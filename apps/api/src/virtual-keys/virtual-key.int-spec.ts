import { newId } from '@signalbox/common';
import { OrganizationEntity, WorkspaceEntity } from '@signalbox/database';
import { hashVirtualKeyValue, parseProjectionDocument, parseVirtualKeyValue } from '@signalbox/gateway';
import { Redis } from 'ioredis';
import { type ApiApp, openApiApp, type TestResponse } from '../../../../test/support/api-app';
import type { VirtualKeyListView, VirtualKeyWithValueView } from './virtual-key.view';

interface Tenant {
  organizationId: string;
  workspaceId: string;
  token: string;
}

describe('virtual keys', () => {
  let api: ApiApp;
  let redis: Redis;
  let acme: Tenant;

  async function makeTenant(name: string): Promise<Tenant> {
    const organizationId = newId('organization');
    const workspaceId = newId('workspace');
    await api.database.transactions.run('platform', async (manager) => {
      await manager.insert(OrganizationEntity, { id: organizationId, name });
      await manager.insert(WorkspaceEntity, { id: workspaceId, organizationId, name: 'main' });
    });
    return { organizationId, workspaceId, token: await api.createToken({ organizationId }) };
  }

  beforeAll(async () => {
    api = await openApiApp();
    redis = new Redis(api.config.redisUrl);
    acme = await makeTenant('acme');
  });

  afterAll(async () => {
    const keys = await redis.keys(`${api.config.redisPrefix}:*`);
    if (keys.length > 0) await redis.del(keys);
    redis.disconnect();
    await api.close();
  });

  const create = (body: object = {}, tenant = acme): Promise<TestResponse<VirtualKeyWithValueView>> =>
    api.call('POST', '/api/v1/keys', {
      token: tenant.token,
      body: { workspace_id: tenant.workspaceId, ...body },
    });

  async function projected(value: string) {
    const text = await redis.hget(
      `${api.config.redisPrefix}:projection`,
      `key:${hashVirtualKeyValue(value)}`,
    );
    return text === null ? null : parseProjectionDocument('key', text);
  }

  it('is live for the edges before the answer is sent', async () => {
    const { status, body } = await create({
      key_alias: 'bot',
      models: ['smart'],
      max_budget: 0.1,
      duration: '1h',
    });
    expect(status).toBe(201);
    expect(parseVirtualKeyValue(body.key)).toBe('valid');
    expect(body).toMatchObject({
      key_alias: 'bot',
      models: ['smart'],
      max_budget: 0.1,
      status: 'active',
      organization_id: acme.organizationId,
      mirror: { state: 'pending', error: null },
    });
    expect(await projected(body.key)).toMatchObject({
      v: 1,
      key_id: body.id,
      status: 'active',
      max_budget: '0.1',
      expires_at: body.expires_at,
    });
  });

  it('lists', async () => {
    const { status, body } = await api.call<VirtualKeyListView>('GET', '/api/v1/keys', { token: acme.token });
    expect(status).toBe(200);
    expect(JSON.stringify(body)).not.toContain('sk-sb-');
  });
});
