import { newId } from '@signalbox/common';
import {
  CredentialEntity,
  OrganizationEntity,
  type VirtualKeyEntity,
  type VirtualKeySecretEntity,
  WorkspaceEntity,
} from '@signalbox/database';
import { hashVirtualKeyValue } from '@signalbox/gateway';
import { BrokerBench, foreign, home } from '../../../../test/support/broker-bench';

const day = 86_400_000;

let bench: BrokerBench;

beforeAll(async () => {
  bench = await BrokerBench.open();
});
afterAll(() => bench.close());

describe('who may use what', () => {
  const owners: Record<string, Partial<CredentialEntity>> = {
    platform: { ownerType: 'platform', organizationId: null, workspaceId: null },
    organization: { ownerType: 'organization', workspaceId: null },
    workspace: { ownerType: 'workspace' },
    member: { ownerType: 'member', workspaceId: null, userId: 'ada' },
  };
  const keys: Record<string, Partial<VirtualKeyEntity>> = {
    'of the workspace, for ada': {},
    'of a sibling workspace, for bob': { workspaceId: home.sibling, userId: 'bob' },
    'of the workspace, for nobody': { userId: null },
    'of another organization, for its own ada': {
      organizationId: foreign.organization,
      workspaceId: foreign.workspace,
    },
  };
  const allowed: Record<string, string[]> = {
    platform: Object.keys(keys),
    organization: Object.keys(keys).filter((key) => !key.includes('another')),
    workspace: ['of the workspace, for ada', 'of the workspace, for nobody'],
    member: ['of the workspace, for ada'],
  };
  const cases = Object.keys(owners).flatMap((owner) => Object.keys(keys).map((key) => [owner, key] as const));

  it.each(cases)("the %s's, by a key %s", async (owner, key) => {
    const { id } = await bench.addCredential(owners[owner]);
    const { hash } = await bench.addKey(keys[key]);
    const { status, body } = await bench.lease(id, hash);
    if (allowed[owner]!.includes(key)) expect(status).toBe(200);
    else expect(body).toEqual((await bench.lease(newId('credential'))).body);
  });

  it("not the platform's under byok_only, and then not even whether it exists", async () => {
    const { id } = await bench.addCredential(owners['platform']);
    await bench.change(WorkspaceEntity, home.workspace, { credentialPolicy: 'byok_only' });
    const refused = await bench.lease(id);
    await bench.change(WorkspaceEntity, home.workspace, { credentialPolicy: 'platform_only' });
    const given = await bench.lease(id);
    await bench.change(WorkspaceEntity, home.workspace, { credentialPolicy: 'byok_then_platform' });
    expect([refused.status, refused.body.code, given.status]).toEqual([404, 'credential_not_found', 200]);
  });

  it("not the platform's for an organization that may not use its keys", async () => {
    const { id } = await bench.addCredential(owners['platform']);
    await bench.change(OrganizationEntity, home.organization, { platformCredentials: false });
    const refused = await bench.lease(id);
    await bench.change(OrganizationEntity, home.organization, { platformCredentials: true });
    expect([refused.status, (await bench.lease(id)).status]).toEqual([404, 200]);
  });

  it("not the workspace's own under platform_only", async () => {
    const { id } = await bench.addCredential(owners['workspace']);
    await bench.change(WorkspaceEntity, home.workspace, { credentialPolicy: 'platform_only' });
    const refused = await bench.lease(id);
    await bench.change(WorkspaceEntity, home.workspace, { credentialPolicy: 'byok_then_platform' });
    expect([refused.status, (await bench.lease(id)).status]).toEqual([404, 200]);
  });

  const past = new Date(Date.now() - 1_000);
  it.each<[string, Partial<VirtualKeyEntity>, Partial<VirtualKeySecretEntity>]>([
    ['revoked', { revokedAt: past }, {}],
    ['deleted', { deletedAt: past }, {}],
    ['blocked', { blocked: true }, {}],
    ['expired', { expiresAt: past }, {}],
    ['rotated away', {}, { validUntil: past }],
  ])('a key that is %s gets the answer of an unknown one', async (_what, keyChange, secretChange) => {
    const { id } = await bench.addCredential();
    const { hash } = await bench.addKey(keyChange, secretChange);
    const unknown = await bench.lease(id, hashVirtualKeyValue('sk-sb-unknown'));
    const { status, body } = await bench.lease(id, hash);
    expect([status, body]).toEqual([404, unknown.body]);
    expect(body.code).toBe('credential_not_found');
  });

  it.each<[string, new () => object, 'workspace' | 'organization', object, object]>([
    ['a blocked workspace', WorkspaceEntity, 'workspace', { blocked: true }, { blocked: false }],
    ['a deleted workspace', WorkspaceEntity, 'workspace', { deletedAt: past }, { deletedAt: null }],
    ['a blocked organization', OrganizationEntity, 'organization', { blocked: true }, { blocked: false }],
    ['a deleted organization', OrganizationEntity, 'organization', { deletedAt: past }, { deletedAt: null }],
  ])('a key of %s gets nothing', async (_what, entity, which, off, on) => {
    const { id } = await bench.addCredential();
    await bench.change(entity, home[which], off);
    const refused = await bench.lease(id);
    await bench.change(entity, home[which], on);
    expect([refused.status, (await bench.lease(id)).status]).toEqual([404, 200]);
  });

  it('a value that still runs out may be used until then', async () => {
    const { id } = await bench.addCredential();
    const { hash } = await bench.addKey({}, { validUntil: new Date(Date.now() + day) });
    expect((await bench.lease(id, hash)).status).toBe(200);
  });
});
