import type { INestApplicationContext } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { newId, silentLogger } from '@signalbox/common';
import { CredentialEntity, OrganizationEntity, ProviderEntity, WorkspaceEntity } from '@signalbox/database';
import { CoreModule } from '@signalbox/domain/core';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { parseProjectionDocument, projectionField } from '@signalbox/gateway';
import { randomBytes } from 'node:crypto';
import { openOwnRedis, type OwnRedis } from '../../../../test/support/own-redis';
import { openTestDatabase, type TestDatabase } from '../../../../test/support/test-database';
import { waitUntil } from '../../../../test/support/wait-until';
import { ProjectionModule } from './projection.module';
import { ProjectionRebuildService } from './projection-rebuild.service';
import { ProjectionReconcileService } from './projection-reconcile.service';
import { ProjectionService } from './projection.service';
import { ProjectionStore } from './projection-store';

const prefix = `test-${randomBytes(6).toString('hex')}`;

jest.setTimeout(30_000);

describe('the projection of provider keys', () => {
  let database: TestDatabase;
  let own: OwnRedis;
  let context: INestApplicationContext;
  let service: ProjectionService;
  let rebuild: ProjectionRebuildService;
  let reconcile: ProjectionReconcileService;
  const organizationId = newId('organization');
  const workspaceId = newId('workspace');
  const providerIds = [newId('provider'), newId('provider')] as const;

  beforeAll(async () => {
    database = await openTestDatabase();
    own = await openOwnRedis();
    const core = CoreModule.forRoot({
      applicationName: 'test',
      databaseUrl: database.appUrl,
      redisUrl: own.url,
      redisPrefix: prefix,
      encryptionKeys: [],
      logger: silentLogger,
    });
    @Module({ imports: [core, ProjectionModule] })
    class TestModule {}
    context = await NestFactory.createApplicationContext(TestModule, { logger: false });
    service = context.get(ProjectionService, { strict: false });
    rebuild = context.get(ProjectionRebuildService, { strict: false });
    reconcile = context.get(ProjectionReconcileService, { strict: false });
    await database.transactions.run('platform', async (manager) => {
      await manager.insert(OrganizationEntity, { id: organizationId, name: 'acme' });
      await manager.insert(WorkspaceEntity, { id: workspaceId, organizationId, name: 'main' });
      for (const id of providerIds) await manager.insert(ProviderEntity, { id, name: id, kind: 'openai' });
    });
    const store = context.get(ProjectionStore, { strict: false });
    await waitUntil(() => store.isReady(), { deadlineMs: 5_000, what: 'the connection to Redis' });
  });

  beforeEach(async () => {
    await own.flush();
    await database.transactions.run('platform', (manager) => manager.deleteAll(CredentialEntity));
  });

  afterAll(async () => {
    await context.close();
    await own.close();
    await database.close();
  });

  const owners = {
    platform: { ownerType: 'platform', ownerKey: 'platform' },
    organization: { ownerType: 'organization', organizationId, ownerKey: organizationId },
    workspace: { ownerType: 'workspace', organizationId, workspaceId, ownerKey: workspaceId },
    member: {
      ownerType: 'member',
      organizationId,
      userId: 'anna@x:1',
      ownerKey: `${organizationId}/anna@x:1`,
    },
  } as const;

  async function insert(
    owner: keyof typeof owners,
    values: Partial<CredentialEntity> = {},
    isAnnounced = true,
  ): Promise<string> {
    const id = newId('credential');
    await database.transactions.run('platform', async (manager) => {
      await manager.insert(CredentialEntity, {
        id,
        providerId: providerIds[0],
        fingerprint: 'f'.repeat(32),
        last4: 'wxyz',
        state: 'verified',
        ...owners[owner],
        ...values,
      } as object);
      if (!isAnnounced) return;
      const { ownerKey } = owners[owner];
      await new OutboxRepository().add(manager, ['project.credentials'], ownerKey, organizationId);
    });
    return id;
  }

  const change = (id: string, values: object): Promise<unknown> =>
    database.transactions.run('platform', (manager) =>
      manager.update(CredentialEntity, { id }, { ...values, version: () => 'version + 1' }),
    );

  const field = (owner: keyof typeof owners): string =>
    projectionField('credentials', owners[owner].ownerKey);

  async function read(owner: keyof typeof owners) {
    const text = await own.redis.hget(`${prefix}:projection`, field(owner));
    return text === null ? null : parseProjectionDocument('credentials', text);
  }

  it('is written for the owner that changed, of each kind of owner, and taken off the outbox', async () => {
    for (const owner of ['platform', 'organization', 'workspace', 'member'] as const) {
      const id = await insert(owner);
      await service.drainNow(['project.credentials'], owners[owner].ownerKey);
      expect(await read(owner)).toEqual({
        v: 1,
        owner_key: owners[owner].ownerKey,
        credentials: [
          {
            id,
            provider_id: providerIds[0],
            state: 'verified',
            expires_at: null,
            provider_kind: 'openai',
            environment_variable: null,
            own_address: false,
          },
        ],
      });
    }
    const left = await database.transactions.run('platform', (manager) =>
      manager.query<unknown[]>(`SELECT 1 FROM outbox_items WHERE topic = 'project.credentials'`),
    );
    expect(left).toEqual([]);
  });

  it('grows with each change, and leaves out what cannot pay', async () => {
    const first = await insert('workspace');
    const second = await insert('workspace', { providerId: providerIds[1], expiresAt: new Date(0) });
    await insert('workspace', { purpose: 'admin' });
    const update = async (): Promise<void> => service.project(['project.credentials'], workspaceId);
    await update();
    const shown = async () => {
      const document = await read('workspace');
      return [document?.v, document?.credentials.map(({ id }) => id).sort()];
    };
    expect(await shown()).toEqual([3, [first, second].sort()]);
    expect((await read('workspace'))?.credentials.find(({ id }) => id === second)?.expires_at).toBe(
      '1970-01-01T00:00:00.000Z',
    );
    await change(first, { enabled: false, state: 'disabled' });
    await update();
    expect(await shown()).toEqual([4, [second]]);
    await change(second, { deletedAt: new Date() });
    await update();
    // The owner's document stays: it tells the edges that there is nothing any more.
    expect(await shown()).toEqual([5, []]);
  });

  it('names the variable of a key that is one, and no other reference', async () => {
    await insert('platform', { reference: 'env:OPENROUTER_API_KEY' });
    await insert('organization', { reference: 'store:somewhere' });
    await service.project(['project.credentials'], 'platform');
    await service.project(['project.credentials'], organizationId);
    const variables = async (owner: keyof typeof owners) =>
      (await read(owner))?.credentials.map((one) => one.environment_variable);
    expect(await variables('platform')).toEqual(['OPENROUTER_API_KEY']);
    expect(await variables('organization')).toEqual([null]);
  });

  it('says which ones lead to a server of their own', async () => {
    await insert('workspace', { baseUrl: 'https://llm.example.com' });
    await service.project(['project.credentials'], workspaceId);
    expect((await read('workspace'))?.credentials).toMatchObject([{ own_address: true }]);
  });

  it('comes back after Redis was emptied, the same', async () => {
    for (const owner of ['platform', 'organization', 'workspace', 'member'] as const) await insert(owner);
    for (const { ownerKey } of Object.values(owners))
      await service.project(['project.credentials'], ownerKey);
    const fields = (Object.keys(owners) as (keyof typeof owners)[]).map(field);
    const before = await own.redis.hmget(`${prefix}:projection`, ...fields);
    expect(before).not.toContain(null);
    await own.flush();
    expect(await rebuild.ensureComplete()).toBe(true);
    expect(await own.redis.hmget(`${prefix}:projection`, ...fields)).toEqual(before);
  });

  it('comes back complete when there are more owners than a page', async () => {
    const users = Array.from({ length: 1_203 }, (_, index) => `user-${index}`);
    await database.transactions.run('platform', async (manager) => {
      const rows = users.map((userId) => ({
        ...owners.member,
        id: newId('credential'),
        providerId: providerIds[0],
        fingerprint: 'f'.repeat(32),
        last4: 'wxyz',
        state: 'verified',
        userId,
        ownerKey: `${organizationId}/${userId}`,
      }));
      await manager.insert(CredentialEntity, rows as object[]);
    });
    await rebuild.ensureComplete();
    const fields = (await own.redis.hkeys(`${prefix}:projection`)).filter((name) =>
      name.startsWith('credentials:'),
    );
    expect(fields).toHaveLength(users.length);
    expect(await reconcile.reconcile()).toEqual({ missing: 0, different: 0, extra: 0, repaired: 0 });
  });

  it('is repaired where it is missing, different or left over, and only there', async () => {
    await insert('platform');
    await insert('workspace', {}, false);
    const id = await insert('member');
    await rebuild.ensureComplete();
    await own.redis.hdel(`${prefix}:projection`, field('workspace'));
    // A switched-off key that Redis still shows, and an owner that is not there any more.
    await change(id, { enabled: false, state: 'disabled' });
    const stranger = projectionField('credentials', `${organizationId}/gone`);
    await own.redis.hset(`${prefix}:projection`, stranger, '{"v":9,"owner_key":"gone","credentials":[]}');
    expect(await reconcile.reconcile()).toEqual({ missing: 1, different: 1, extra: 1, repaired: 3 });
    expect((await read('workspace'))?.credentials).toHaveLength(1);
    expect((await read('member'))?.credentials).toEqual([]);
    expect(await own.redis.hexists(`${prefix}:projection`, stranger)).toBe(0);
    expect((await read('platform'))?.credentials).toHaveLength(1);
    expect(await reconcile.reconcile()).toEqual({ missing: 0, different: 0, extra: 0, repaired: 0 });
  });

  it('shows no fingerprint, no end of a key and no address', async () => {
    await insert('workspace', { baseUrl: 'https://canary.example.com', name: 'canary', last4: 'cana' });
    await service.project(['project.credentials'], workspaceId);
    const text = await own.redis.hget(`${prefix}:projection`, field('workspace'));
    expect(text).not.toMatch(/cana|ffff/);
  });
});
