import { AuditEventEntity } from '@signalbox/database';
import type { RateLimits } from '@signalbox/gateway';
import { Redis } from 'ioredis';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';

interface Limited extends RateLimits {
  id: string;
  version: number;
  rate_limit_tier: string | null;
  effective_limits: RateLimits;
  code?: string;
}

const none: RateLimits = {
  rpm_limit: null,
  rph_limit: null,
  rpd_limit: null,
  tpm_limit: null,
  tph_limit: null,
  tpd_limit: null,
  max_parallel_requests: null,
};
const all: RateLimits = {
  rpm_limit: 1,
  rph_limit: 2,
  rpd_limit: 3,
  tpm_limit: 4,
  tph_limit: 5,
  tpd_limit: 2_147_483_647,
  max_parallel_requests: 0,
};

let api: ApiApp;
let redis: Redis;
let platform: string;
let organizationId: string;
let workspaceId: string;
let tenant: string;

beforeAll(async () => {
  api = await openApiApp();
  redis = new Redis(api.config.redisUrl);
  platform = await api.createToken();
});
beforeEach(async () => {
  organizationId = (await call('POST', 'organizations', { name: 'Acme' })).body.id;
  tenant = await api.createToken({ organizationId });
  workspaceId = (await call('POST', 'workspaces', { organization_id: organizationId, name: 'main' })).body.id;
});
afterAll(async () => {
  redis.disconnect();
  await api.close();
});

const call = (method: string, path: string, body?: object, token = platform) =>
  api.call<Limited>(method, `/api/v1/${path}`, { token, ...(body ? { body } : {}) });

async function projected(field: string): Promise<Record<string, unknown>> {
  const text = await redis.hget(`${api.config.redisPrefix}:projection`, field);
  return JSON.parse(text ?? '{}') as Record<string, unknown>;
}

function lastChanges(targetId: string): Promise<unknown> {
  return api.database.transactions.run('platform', async (manager) => {
    const [event] = await manager.find(AuditEventEntity, {
      where: { targetId },
      order: { sequence: 'DESC' },
      take: 1,
    });
    return event?.changes;
  });
}

describe('limits of an organization', () => {
  it('are none at first, and live for the edges once they are set, each by itself', async () => {
    const path = `organizations/${organizationId}`;
    expect((await call('GET', path)).body).toMatchObject({
      ...none,
      rate_limit_tier: null,
      effective_limits: none,
    });
    expect((await call('PATCH', path, all)).body).toMatchObject({ ...all, effective_limits: all });
    expect(await projected(`organization:${organizationId}`)).toMatchObject(all);
    const changed = await call('PATCH', path, { rpm_limit: null, tpm_limit: 40 });
    expect(changed.body).toMatchObject({ ...all, rpm_limit: null, tpm_limit: 40 });
    expect(await lastChanges(organizationId)).toEqual({ rpmLimit: null, tpmLimit: 40 });
  });

  it('come from the tier where they are not set', async () => {
    const path = `organizations/${organizationId}`;
    const changed = await call('PATCH', path, { rate_limit_tier: 'professional', rph_limit: 7 });
    const effective = { ...none, rpm_limit: 100, rph_limit: 7, rpd_limit: 50_000 };
    expect(changed.body).toMatchObject({
      ...none,
      rph_limit: 7,
      rate_limit_tier: 'professional',
      effective_limits: effective,
    });
    expect(await projected(`organization:${organizationId}`)).toMatchObject(effective);
    expect((await call('PATCH', path, { rate_limit_tier: null })).body.effective_limits).toEqual({
      ...none,
      rph_limit: 7,
    });
    const made = await call('POST', 'organizations', {
      name: 'Trial',
      rate_limit_tier: 'trial',
      tpd_limit: 9,
    });
    expect(made.body).toMatchObject({ rate_limit_tier: 'trial', tpd_limit: 9 });
    expect(made.body.effective_limits).toMatchObject({ rpm_limit: 10, rph_limit: 100, rpd_limit: 500 });
  });

  it.each([
    { rpm_limit: 1_000_000 },
    { rpm_limit: null },
    { rate_limit_tier: 'enterprise' },
    { tpd_limit: 5 },
  ])('are not its own to set: %j', async (body) => {
    const path = `organizations/${organizationId}`;
    await call('PATCH', path, { rate_limit_tier: 'trial', rpm_limit: 3 });
    const answer = await call('PATCH', path, { name: 'mine', ...body }, tenant);
    expect([answer.status, answer.body.code]).toEqual([403, 'platform_only']);
    expect((await call('GET', path)).body).toMatchObject({ rate_limit_tier: 'trial', rpm_limit: 3 });
    expect((await call('PATCH', path, { name: 'mine' }, tenant)).status).toBe(200);
  });

  it.each([
    { rate_limit_tier: 'gold' },
    { rpm_limit: -1 },
    { rpm_limit: 1.5 },
    { rpm_limit: 2_147_483_648 },
    { rpm_limit: '5' },
  ])('are refused when they make no sense: %j', async (body) => {
    expect((await call('PATCH', `organizations/${organizationId}`, body)).status).toBe(400);
  });
});

describe('limits of a workspace', () => {
  it("are the tenant's to set, and live for the edges", async () => {
    const changed = await call('PATCH', `workspaces/${workspaceId}`, all, tenant);
    expect([changed.status, changed.body]).toMatchObject([200, all]);
    expect(await projected(`workspace:${workspaceId}`)).toMatchObject({ ...all, v: 2 });
    expect(
      (await call('PATCH', `workspaces/${workspaceId}`, { rpm_limit: null }, tenant)).body,
    ).toMatchObject({
      ...all,
      rpm_limit: null,
    });
    const made = await call('POST', 'workspaces', {
      organization_id: organizationId,
      name: 'x',
      rph_limit: 6,
    });
    expect(made.body).toMatchObject({ ...none, rph_limit: 6 });
    expect(await projected(`workspace:${made.body.id}`)).toMatchObject({ rph_limit: 6 });
  });
});

describe('limits of a virtual key', () => {
  it("are the tenant's to set, and live for the edges", async () => {
    const made = await call('POST', 'keys', { workspace_id: workspaceId, ...all }, tenant);
    expect(made.body).toMatchObject(all);
    const changed = await call('PATCH', `keys/${made.body.id}`, { tpd_limit: null, rph_limit: 8 }, tenant);
    expect(changed.body).toMatchObject({ ...all, tpd_limit: null, rph_limit: 8, version: 2 });
    expect(await lastChanges(made.body.id)).toEqual({ rphLimit: 8, tpdLimit: null });
    const texts = await redis.hvals(`${api.config.redisPrefix}:projection`);
    const document = texts.find((text) => text.includes(`"key_id":"${made.body.id}"`));
    expect(JSON.parse(document ?? '{}')).toMatchObject({ ...all, tpd_limit: null, rph_limit: 8 });
  });
});
