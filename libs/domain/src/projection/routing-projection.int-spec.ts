import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { newId, silentLogger } from '@signalbox/common';
import {
  OrganizationEntity,
  type OutboxTopic,
  PlatformSettingsEntity,
  platformSettingsId,
  WorkspaceEntity,
} from '@signalbox/database';
import { CoreModule } from '@signalbox/domain/core';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { parseProjectionDocument, type RoutingRules } from '@signalbox/gateway';
import { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import { openTestDatabase, type TestDatabase } from '../../../../test/support/test-database';
import { waitUntil } from '../../../../test/support/wait-until';
import { ProjectionModule } from './projection.module';
import { ProjectionRebuildService } from './projection-rebuild.service';
import { ProjectionReconcileService } from './projection-reconcile.service';
import { ProjectionService } from './projection.service';
import { ProjectionStore } from './projection-store';

const prefix = `test-${randomBytes(6).toString('hex')}`;
const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
const organizationId = newId('organization');
const workspaceId = newId('workspace');

let database: TestDatabase;
let redis: Redis;
let context: INestApplicationContext;
let service: ProjectionService;

beforeAll(async () => {
  database = await openTestDatabase();
  redis = new Redis(redisUrl);
  const core = CoreModule.forRoot({
    applicationName: 'test',
    databaseUrl: database.appUrl,
    redisUrl,
    redisPrefix: prefix,
    encryptionKeys: [],
    logger: silentLogger,
  });
  @Module({ imports: [core, ProjectionModule] })
  class TestModule {}
  context = await NestFactory.createApplicationContext(TestModule, { logger: false });
  service = context.get(ProjectionService, { strict: false });
  await database.transactions.run('platform', async (manager) => {
    await manager.insert(OrganizationEntity, { id: organizationId, name: 'acme' });
    await manager.insert(WorkspaceEntity, { id: workspaceId, organizationId, name: 'main' });
  });
  const store = context.get(ProjectionStore, { strict: false });
  await waitUntil(() => store.isReady(), { deadlineMs: 5_000, what: 'the connection to Redis' });
});
afterAll(async () => {
  await redis.del(`${prefix}:projection`, `${prefix}:projection:meta`);
  redis.disconnect();
  await context.close();
  await database.close();
});

const levels = {
  settings: {
    id: platformSettingsId,
    topic: 'project.settings',
    /** There is no row before the first change. */
    write: (routing: object) =>
      database.transactions.run('platform', async (manager) => {
        const row = { id: platformSettingsId, version: 1 };
        await manager
          .createQueryBuilder()
          .insert()
          .into(PlatformSettingsEntity)
          .values(row)
          .orIgnore()
          .execute();
        const changed = { routing, version: () => 'version + 1' };
        await manager.update(PlatformSettingsEntity, { id: row.id }, changed);
        await new OutboxRepository().add(manager, ['project.settings'], row.id, null);
      }),
  },
  organization: {
    id: organizationId,
    topic: 'project.organization',
    write: (routing: object) =>
      database.transactions.run('platform', async (manager) => {
        const changed = { routing, version: () => 'version + 1' };
        await manager.update(OrganizationEntity, { id: organizationId }, changed);
        await new OutboxRepository().add(manager, ['project.organization'], organizationId, organizationId);
      }),
  },
  workspace: {
    id: workspaceId,
    topic: 'project.workspace',
    write: (routing: object) =>
      database.transactions.run('platform', async (manager) => {
        const changed = { routing, version: () => 'version + 1' };
        await manager.update(WorkspaceEntity, { id: workspaceId }, changed);
        await new OutboxRepository().add(manager, ['project.workspace'], workspaceId, organizationId);
      }),
  },
} as const satisfies Record<
  string,
  { id: string; topic: OutboxTopic; write: (routing: object) => Promise<unknown> }
>;
type Level = keyof typeof levels;
const all = Object.keys(levels) as Level[];

async function read(level: Level): Promise<{ v: number; routing: RoutingRules } | null> {
  const field = `${level}:${levels[level].id}`;
  return parseProjectionDocument(level, (await redis.hget(`${prefix}:projection`, field)) ?? '');
}

it('the platform has a document before anybody wrote anything', async () => {
  await context.get(ProjectionRebuildService, { strict: false }).rebuild('test');
  expect(await read('settings')).toEqual({ v: 0, routing: {} });
});

describe.each(all)('rules of the %s', (level) => {
  const { id, topic, write } = levels[level];

  it('are the raw ones of that level, each change with a higher version', async () => {
    await write({ power_level: 'eco', exploration: 0 });
    await service.drainNow([topic], id);
    const first = await read(level);
    expect(first?.routing).toEqual({ power_level: 'eco', exploration: 0 });
    await write({ attempt_limit: 3 });
    await service.drainNow([topic], id);
    const second = await read(level);
    expect(second?.routing).toEqual({ attempt_limit: 3 });
    expect(second!.v).toBeGreaterThan(first!.v);
  });

  it('come from the outbox when the process dies between commit and projection', async () => {
    await write({ attempt_limit: 4 });
    await service.drainDue(new AbortController().signal);
    expect((await read(level))?.routing).toEqual({ attempt_limit: 4 });
  });

  it('hold field by field where another version wrote them', async () => {
    await write({ power_level: 'eco', attempt_limit: 'many', no_training: 'perhaps', newer: { a: 1 } });
    await service.drainNow([topic], id);
    expect((await read(level))?.routing).toEqual({ power_level: 'eco', no_training: true });
  });

  it('are there again when Redis lost them, or has others', async () => {
    await write({ attempt_limit: 5 });
    await service.drainNow([topic], id);
    const reconcile = context.get(ProjectionReconcileService, { strict: false });
    const good = await read(level);
    for (const text of [
      null,
      'not json',
      JSON.stringify({ ...good, v: 99, routing: { attempt_limit: 1 } }),
    ]) {
      if (text === null) await redis.hdel(`${prefix}:projection`, `${level}:${id}`);
      else await redis.hset(`${prefix}:projection`, `${level}:${id}`, text);
      expect(await reconcile.reconcile()).toMatchObject({ repaired: 1 });
      expect(await read(level)).toEqual(good);
    }
  });
});
