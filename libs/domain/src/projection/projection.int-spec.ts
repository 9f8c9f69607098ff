import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import { newId, silentLogger } from '@signalbox/common';
import {
  ConfigReleaseEntity,
  OrganizationEntity,
  VirtualKeyEntity,
  VirtualKeySecretEntity,
  WorkspaceEntity,
} from '@signalbox/database';
import { CoreModule } from '@signalbox/domain/core';
import { OutboxRepository } from '@signalbox/domain/outbox';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import { openOwnRedis, type OwnRedis } from '../../../../test/support/own-redis';
import { TcpProxy } from '../../../../test/support/tcp-proxy';
import { openTestDatabase, type TestDatabase } from '../../../../test/support/test-database';
import { waitUntil } from '../../../../test/support/wait-until';
import type { BuiltDocument } from './build-documents';
import { ProjectionModule } from './projection.module';
import { ProjectionRebuildService } from './projection-rebuild.service';
import { ProjectionReconcileService } from './projection-reconcile.service';
import { ProjectionRepository } from './projection.repository';
import { ProjectionService } from './projection.service';
import { ProjectionStore } from './projection-store';

/** Channels are common to all databases of a server. */
const prefix = `test-${randomBytes(6).toString('hex')}`;

interface Change {
  epoch: string;
  seq: number;
  kind: string;
  id?: string;
  document?: { v: number };
}

jest.setTimeout(30_000);

describe('projection', () => {
  let database: TestDatabase;
  let own: OwnRedis;
  let proxy: TcpProxy;
  let context: INestApplicationContext;
  let service: ProjectionService;
  let rebuild: ProjectionRebuildService;
  let reconcile: ProjectionReconcileService;
  let store: ProjectionStore;
  let subscriber: Redis;
  let changes: Change[];
  const organizationId = newId('organization');
  const workspaceId = newId('workspace');

  beforeAll(async () => {
    database = await openTestDatabase();
    own = await openOwnRedis();
    proxy = await TcpProxy.start(own.url);
    const core = CoreModule.forRoot({
      applicationName: 'test',
      databaseUrl: database.appUrl,
      redisUrl: proxy.url,
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
    store = context.get(ProjectionStore, { strict: false });
    await database.transactions.run('platform', async (manager) => {
      await manager.insert(OrganizationEntity, { id: organizationId, name: 'acme' });
      await manager.insert(WorkspaceEntity, { id: workspaceId, organizationId, name: 'main' });
    });
    subscriber = new Redis(own.url);
    await subscriber.subscribe(`${prefix}:projection:changes`);
    subscriber.on('message', (_channel, text: string) => changes.push(JSON.parse(text) as Change));
  });

  beforeEach(async () => {
    await own.flush();
    await waitUntil(() => store.isReady(), { deadlineMs: 5_000, what: 'the connection to Redis' });
    changes = [];
  });

  afterAll(async () => {
    subscriber.disconnect();
    await context.close();
    await proxy.close();
    await own.close();
    await database.close();
  });

  /** Rows and outbox item in one transaction, as the service of virtual keys writes them; nothing is projected yet. */
  async function commitKey(hash = newId('request')): Promise<{ id: string; hash: string }> {
    const id = newId('virtualKey');
    await database.transactions.run('platform', async (manager) => {
      await manager.insert(VirtualKeyEntity, { id, organizationId, workspaceId, createdBy: 'test' });
      await manager.insert(VirtualKeySecretEntity, {
        id: newId('virtualKeySecret'),
        organizationId,
        virtualKeyId: id,
        keyHash: hash,
        keyName: 'sk-...0000',
      });
      await new OutboxRepository().add(manager, ['project.virtual_key'], id, organizationId);
    });
    return { id, hash };
  }

  async function change(id: string, values: object): Promise<void> {
    await database.transactions.run('platform', async (manager) => {
      await manager.update(VirtualKeyEntity, { id }, { ...values, version: () => 'version + 1' });
      await new OutboxRepository().add(manager, ['project.virtual_key'], id, organizationId);
    });
  }

  async function read(hash: string): Promise<Record<string, unknown> | null> {
    const text = await own.redis.hget(`${prefix}:projection`, `key:${hash}`);
    return text === null ? null : (JSON.parse(text) as Record<string, unknown>);
  }

  async function outboxSize(): Promise<number> {
    const rows = await database.transactions.run('platform', (manager) =>
      manager.query<{ count: number }[]>('SELECT count(*)::int AS count FROM outbox_items'),
    );
    return rows[0]!.count;
  }

  const received = (count: number): Promise<unknown> =>
    waitUntil(() => changes.length >= count, { deadlineMs: 2_000, what: `${count} messages` });

  it('publishes each change with its document and the next number', async () => {
    await rebuild.ensureComplete();
    const { epoch, seq } = await store.meta();
    const { id, hash } = await commitKey();
    await service.drainNow(['project.virtual_key', 'mirror.virtual_key'], id);
    await change(id, { blocked: true });
    await service.drainNow(['project.virtual_key'], id);
    expect(await read(hash)).toMatchObject({ v: 2, status: 'blocked' });
    await received(3);
    expect(changes.slice(-2)).toMatchObject([
      { epoch, seq: seq + 1, kind: 'key', id: hash, document: { v: 1 } },
      { epoch, seq: seq + 2, kind: 'key', id: hash, document: { v: 2 } },
    ]);
    expect(await outboxSize()).toBe(0);
  });

  it('is not overwritten by an older writer, in whatever order the writes arrive', async () => {
    const documentOf = (hash: string, version: number): BuiltDocument => ({
      kind: 'key',
      id: hash,
      field: `key:${hash}`,
      version,
      text: JSON.stringify({ v: version, from: version }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 12 }),
        async (versions) => {
          const hash = newId('request');
          await Promise.all(versions.map((version) => store.advance([documentOf(hash, version)])));
          expect(await read(hash)).toEqual({ v: Math.max(...versions), from: Math.max(...versions) });
        },
      ),
      { numRuns: 50 },
    );
  });

  it('does not repeat what Redis has already', async () => {
    const { id } = await commitKey();
    await service.project(['project.virtual_key'], id);
    const before = await store.meta();
    await service.project(['project.virtual_key'], id);
    expect(await store.meta()).toEqual(before);
  });

  it('comes from the outbox when the process dies between commit and projection', async () => {
    const { id, hash } = await commitKey();
    expect(await read(hash)).toBeNull();
    expect(await service.drainDue(new AbortController().signal)).toBeGreaterThan(0);
    expect(await read(hash)).toMatchObject({ key_id: id });
    expect(await outboxSize()).toBe(0);
  });

  it('does not throw away an item whose subject changed while it was projected', async () => {
    const { id, hash } = await commitKey();
    const realAdvance = store.advance.bind(store);
    const advance = jest.spyOn(store, 'advance').mockImplementationOnce(async (documents) => {
      await change(id, { rpmLimit: 7 });
      return realAdvance(documents);
    });
    await service.project(['project.virtual_key'], id);
    advance.mockRestore();
    expect(await outboxSize()).toBe(1);
    await service.drainDue(new AbortController().signal);
    expect(await read(hash)).toMatchObject({ v: 2, rpm_limit: 7 });
  });

  it('never throws and never takes long while Redis is away or hangs; the outbox keeps the change', async () => {
    const severed = await commitKey();
    proxy.sever();
    await waitUntil(() => !store.isReady(), { deadlineMs: 5_000, what: 'the loss of Redis' });
    await service.drainNow(['project.virtual_key'], severed.id);
    proxy.restore();
    await waitUntil(() => store.isReady(), { deadlineMs: 5_000, what: 'the return of Redis' });
    proxy.freeze();
    const frozen = await commitKey();
    const startedMs = performance.now();
    await service.drainNow(['project.virtual_key'], frozen.id);
    expect(performance.now() - startedMs).toBeLessThan(1_500);
    expect(await outboxSize()).toBe(2);
    proxy.sever();
    proxy.restore();
    await waitUntil(
      async () => (await service.drainDue(new AbortController().signal)) >= 0 && (await outboxSize()) === 0,
      { deadlineMs: 15_000, what: 'the outbox to be worked off' },
    );
    expect(await read(severed.hash)).not.toBeNull();
    expect(await read(frozen.hash)).not.toBeNull();
  });

  describe('after a flush', () => {
    it('is rebuilt with everything, and gets a new epoch', async () => {
      const key = await commitKey();
      await service.project(['project.virtual_key'], key.id);
      await own.flush();
      expect((await store.meta()).epoch).toBeNull();
      expect(await rebuild.ensureComplete()).toBe(true);
      expect((await store.meta()).epoch).not.toBeNull();
      expect(await read(key.hash)).toMatchObject({ key_id: key.id });
      const fields = await own.redis.hkeys(`${prefix}:projection`);
      expect(fields).toEqual(
        expect.arrayContaining([
          `organization:${organizationId}`,
          `workspace:${workspaceId}`,
          'catalogue:current',
        ]),
      );
      await waitUntil(() => changes.some(({ kind }) => kind === 'reload'), {
        deadlineMs: 2_000,
        what: 'a reload',
      });
    });

    it('is not declared complete if it was flushed again halfway', async () => {
      const repository = context.get(ProjectionRepository, { strict: false });
      const realPage = repository.page.bind(repository);
      const page = jest.spyOn(repository, 'page').mockImplementation(async (manager, kind, after, limit) => {
        if (kind === 'key') await own.flush();
        return realPage(manager, kind, after, limit);
      });
      expect(await rebuild.ensureComplete()).toBe(false);
      expect((await store.meta()).epoch).toBeNull();
      page.mockRestore();
      expect(await rebuild.ensureComplete()).toBe(true);
    });

    it('is rebuilt by one worker at a time', async () => {
      await commitKey();
      const fill = jest.spyOn(store, 'fill');
      const results = await Promise.all([rebuild.rebuild('test'), rebuild.rebuild('test')]);
      expect(results.sort()).toEqual([false, true]);
      const kinds = new Set(fill.mock.calls.flatMap(([documents]) => documents.map(({ kind }) => kind)));
      expect(kinds).toContain('key');
      fill.mockRestore();
    });

    it('tells the edges of changes even before it is complete', async () => {
      const { id, hash } = await commitKey();
      await service.project(['project.virtual_key'], id);
      await received(1);
      expect(changes[0]).toMatchObject({ epoch: 'none', kind: 'key', id: hash, document: { v: 1 } });
    });
  });

  it('is filled anew when Redis comes back with an older state', async () => {
    await rebuild.ensureComplete();
    const old = await own.redis.hgetall(`${prefix}:projection:meta`);
    const { id, hash } = await commitKey();
    await service.project(['project.virtual_key'], id);
    await rebuild.ensureComplete();
    await own.redis.hdel(`${prefix}:projection`, `key:${hash}`);
    await own.redis.hset(`${prefix}:projection:meta`, old);
    await rebuild.ensureComplete();
    expect(await read(hash)).not.toBeNull();
    expect((await store.meta()).epoch).not.toBe(old['epoch']);
  });

  describe('reconcile', () => {
    beforeEach(async () => {
      await rebuild.ensureComplete();
    });

    it('finds nothing in a healthy projection', async () => {
      expect(await reconcile.reconcile()).toEqual({ missing: 0, different: 0, extra: 0, repaired: 0 });
    });

    it('repairs what is missing, stale, damaged, newer than PostgreSQL, or left over; and tells the edges', async () => {
      const names = ['missing', 'stale', 'damaged', 'newer'] as const;
      const keys = Object.fromEntries(
        await Promise.all(names.map(async (name) => [name, await commitKey()] as const)),
      );
      await service.drainDue(new AbortController().signal);
      await change(keys['stale']!.id, { rpmLimit: 3 });
      const good = await read(keys['newer']!.hash);
      await own.redis.hdel(`${prefix}:projection`, `key:${keys['missing']!.hash}`);
      await own.redis.hset(`${prefix}:projection`, {
        [`key:${keys['damaged']!.hash}`]: 'not json',
        [`key:${keys['newer']!.hash}`]: JSON.stringify({ ...good, v: 99 }),
        'key:left-over': JSON.stringify({ v: 1 }),
        'workspace:left-over': JSON.stringify({ v: 1 }),
      });
      changes = [];
      expect(await reconcile.reconcile()).toEqual({ missing: 1, different: 3, extra: 2, repaired: 6 });
      for (const name of names)
        expect(await read(keys[name]!.hash)).toMatchObject({ key_id: keys[name]!.id });
      expect(await read(keys['newer']!.hash)).toEqual(good);
      expect(await read('left-over')).toBeNull();
      await waitUntil(() => changes.some(({ kind }) => kind === 'reload'), {
        deadlineMs: 2_000,
        what: 'a reload',
      });
      expect(await reconcile.reconcile()).toMatchObject({ missing: 0, different: 0, extra: 0 });
      await service.drainDue(new AbortController().signal);
    });

    it('does not undo a change that is projected while it compares', async () => {
      const { id, hash } = await commitKey();
      await service.project(['project.virtual_key'], id);
      await own.redis.hset(`${prefix}:projection`, `key:${hash}`, 'not json');
      const realRepair = store.repair.bind(store);
      const repair = jest.spyOn(store, 'repair').mockImplementation(async (repairs) => {
        if (repairs.length > 0) {
          await change(id, { blocked: true });
          await service.project(['project.virtual_key'], id);
        }
        return realRepair(repairs);
      });
      await reconcile.reconcile();
      repair.mockRestore();
      expect(await read(hash)).toMatchObject({ status: 'blocked' });
    });

    it('forgets a value that ended for good long ago', async () => {
      const { id, hash } = await commitKey();
      await service.project(['project.virtual_key'], id);
      await change(id, { revokedAt: new Date(Date.now() - 31 * 86_400_000) });
      await reconcile.reconcile();
      expect(await read(hash)).toBeNull();
      await service.drainDue(new AbortController().signal);
      expect(await read(hash)).toBeNull();
    });
  });

  it('shows the models of the active release, under its number', async () => {
    const release = {
      number: 3,
      status: 'active' as const,
      configYaml: '',
      configSha256: '',
      createdBy: 'test',
      models: [{ name: 'smart', mode: 'chat' as const, is_demo: false, deployment_ids: ['dep_1'] }],
    };
    const id = newId('configRelease');
    await database.transactions.run('platform', (manager) =>
      manager.insert(ConfigReleaseEntity, { id, ...release }),
    );
    await service.drainNow(['project.catalogue'], 'current');
    expect(JSON.parse((await own.redis.hget(`${prefix}:projection`, 'catalogue:current'))!)).toEqual({
      v: 3,
      release_id: id,
      release_number: 3,
      models: [
        { name: 'smart', mode: 'chat', deployment_ids: ['dep_1'], deployments: [], openrouter_id: null },
      ],
    });
  });
});
