import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ManualClock, newId, silentLogger } from '@signalbox/common';
import { OrganizationEntity, VirtualKeySecretEntity, WorkspaceEntity } from '@signalbox/database';
import { type Caller, systemCaller } from '@signalbox/domain/access';
import { CoreModule } from '@signalbox/domain/core';
import { MirrorModule, MirrorReconcileService, MirrorService } from '@signalbox/domain/mirror';
import {
  VirtualKeyModule,
  VirtualKeyService,
  type VirtualKeyWithValue,
} from '@signalbox/domain/virtual-keys';
import { LitellmAdminClient } from '@signalbox/litellm-client';
import { randomBytes } from 'node:crypto';
import { LitellmAdminStandIn } from '../stand-ins/litellm-admin.stand-in';
import { openTestDatabase, type TestDatabase } from './test-database';

/** The domain's virtual keys and mirror on a real PostgreSQL, with the stand-in of LiteLLM's management API. */
export interface MirrorWorld {
  database: TestDatabase;
  litellm: LitellmAdminStandIn;
  client: LitellmAdminClient;
  clock: ManualClock;
  caller: Caller;
  keys: VirtualKeyService;
  mirror: MirrorService;
  reconcile: MirrorReconcileService;
  organizationId: string;
  workspaceId: string;
  createKey(more?: object): Promise<VirtualKeyWithValue>;
  secretsOf(keyId: string): Promise<VirtualKeySecretEntity[]>;
  /** Works off the outbox until nothing is due. */
  drain(): Promise<number>;
  /** As if the delays of all waiting items had passed. */
  makeAllDue(): Promise<void>;
  /** What waits to be mirrored. */
  outboxSize(): Promise<number>;
  close(): Promise<void>;
}

const secrets = { masterKey: 'sk-master-key-of-tests', internalToken: 'internal-token-of-tests' };

function clientModule(client: LitellmAdminClient): new () => object {
  @Global()
  @Module({
    providers: [{ provide: LitellmAdminClient, useValue: client }],
    exports: [LitellmAdminClient],
  })
  class ClientModule {}
  return ClientModule;
}

async function makeTenant(database: TestDatabase): Promise<{ organizationId: string; workspaceId: string }> {
  const organizationId = newId('organization');
  const workspaceId = newId('workspace');
  await database.transactions.run('platform', async (manager) => {
    await manager.insert(OrganizationEntity, { id: organizationId, name: 'acme' });
    await manager.insert(WorkspaceEntity, { id: workspaceId, organizationId, name: 'main' });
  });
  return { organizationId, workspaceId };
}

export async function openMirrorWorld(): Promise<MirrorWorld> {
  const database = await openTestDatabase();
  const litellm = new LitellmAdminStandIn(database.ownerUrl, secrets);
  const url = await litellm.start();
  const clock = new ManualClock(Date.now());
  const client = new LitellmAdminClient({
    runner: { url, internalToken: secrets.internalToken },
    masterKey: secrets.masterKey,
    timeoutMs: 300,
  });
  const core = CoreModule.forRoot({
    applicationName: 'test',
    databaseUrl: database.appUrl,
    redisUrl: process.env['TEST_REDIS_URL'] ?? null,
    redisPrefix: `test-${randomBytes(6).toString('hex')}`,
    encryptionKeys: [{ kid: 'test', key: Buffer.alloc(32, 5) }],
    logger: silentLogger,
    clock,
  });
  const mirrorModule = MirrorModule.forRoot({ litellmDatabaseUrl: database.ownerUrl });

  @Module({ imports: [core, clientModule(client), VirtualKeyModule, mirrorModule] })
  class WorldModule {}

  const context = await NestFactory.createApplicationContext(WorldModule, { logger: false });
  const tenant = await makeTenant(database);
  const caller = systemCaller('test');
  const keys = context.get(VirtualKeyService, { strict: false });
  const mirror = context.get(MirrorService, { strict: false });
  const asPlatform = <Result>(sql: string): Promise<Result> =>
    database.transactions.run('platform', (manager) => manager.query<Result>(sql));
  return {
    database,
    litellm,
    client,
    clock,
    caller,
    keys,
    mirror,
    reconcile: context.get(MirrorReconcileService, { strict: false }),
    ...tenant,
    createKey: (more = {}) => keys.create(caller, { workspaceId: tenant.workspaceId, ...more }),
    secretsOf: (virtualKeyId) =>
      database.transactions.run('platform', (manager) =>
        manager.find(VirtualKeySecretEntity, { where: { virtualKeyId }, order: { id: 'ASC' } }),
      ),
    drain: () => mirror.drainDue(new AbortController().signal),
    makeAllDue: async () => {
      await asPlatform('UPDATE outbox_items SET next_attempt_at = now()');
    },
    outboxSize: async () =>
      (
        await asPlatform<{ count: number }[]>(
          `SELECT count(*)::int AS count FROM outbox_items WHERE topic LIKE 'mirror.%'`,
        )
      )[0]!.count,
    close: async () => {
      await context.close();
      await client.close();
      await litellm.close();
      await database.close();
    },
  };
}
