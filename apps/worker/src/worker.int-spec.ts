import { newId, silentLogger } from '@signalbox/common';
import {
  OrganizationEntity,
  VirtualKeyEntity,
  VirtualKeySecretEntity,
  WorkspaceEntity,
} from '@signalbox/database';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { parseProjectionDocument } from '@signalbox/gateway';
import { JobProducer } from '@signalbox/jobs';
import { Queue } from 'bullmq';
import { randomBytes } from 'node:crypto';
import { queueNames } from '@signalbox/jobs';
import { LitellmAdminStandIn } from '../../../test/stand-ins/litellm-admin.stand-in';
import { openOwnRedis, type OwnRedis } from '../../../test/support/own-redis';
import { TcpProxy } from '../../../test/support/tcp-proxy';
import { openTestDatabase, type TestDatabase } from '../../../test/support/test-database';
import { waitUntil } from '../../../test/support/wait-until';
import { schedules } from './jobs/schedules';
import { type RunningWorker, startWorker } from './start-worker';

const secrets = { masterKey: 'sk-master-key-of-tests', internalToken: 'internal-token-of-tests' };
const prefix = `test-${randomBytes(6).toString('hex')}`;
const deadlineMs = 40_000;

jest.setTimeout(180_000);

describe('the worker', () => {
  let database: TestDatabase;
  let own: OwnRedis;
  let proxy: TcpProxy;
  let litellm: LitellmAdminStandIn;
  let worker: RunningWorker;
  const organizationId = newId('organization');
  const workspaceId = newId('workspace');

  beforeAll(async () => {
    database = await openTestDatabase();
    own = await openOwnRedis();
    proxy = await TcpProxy.start(own.url);
    litellm = new LitellmAdminStandIn(database.ownerUrl, secrets);
    await litellm.start();
    await database.transactions.run('platform', async (manager) => {
      await manager.insert(OrganizationEntity, { id: organizationId, name: 'acme' });
      await manager.insert(WorkspaceEntity, { id: workspaceId, organizationId, name: 'main' });
    });
    worker = await startWorker({
      logger: silentLogger,
      config: {
        logLevel: 'silent',
        exitWithParent: false,
        host: '127.0.0.1',
        port: 0,
        runnerUrl: litellm.url,
        internalToken: secrets.internalToken,
        fingerprintKey: 'fingerprint-key-of-tests',
        allowedHosts: ['127.0.0.1'],
        // Nothing listens there: no benchmark runs here.
        edgeUrl: 'http://127.0.0.1:9',
        catalogueSync: 'off',
        catalogueSources: ['openrouter', 'litellm'],
        // Nobody is there.
        openrouterUrl: 'http://127.0.0.1:9/api/v1',
        secretStore: { active: 'sealed', infisical: null, maxStaleMs: 1_800_000 },
        encryptionKeys: [{ kid: 'test', key: Buffer.alloc(32, 5) }],
        redisUrl: proxy.url,
        redisPrefix: prefix,
        databaseUrl: database.appUrl,
        litellmDatabaseUrl: database.ownerUrl,
        litellmMasterKey: secrets.masterKey,
      },
    });
  });

  afterAll(async () => {
    await worker.close();
    await litellm.close();
    await proxy.close();
    await own.close();
    await database.close();
  });

  /** As the API does it, but for the projection right after the commit: the API died there. */
  async function commitKey(): Promise<string> {
    const id = newId('virtualKey');
    const keyHash = randomBytes(32).toString('hex');
    await database.transactions.run('platform', async (manager) => {
      await manager.insert(VirtualKeyEntity, { id, organizationId, workspaceId, createdBy: 'test' });
      await manager.insert(VirtualKeySecretEntity, {
        id: newId('virtualKeySecret'),
        organizationId,
        virtualKeyId: id,
        keyHash,
        keyName: 'sk-...0000',
      });
      const outbox = new OutboxRepository();
      await outbox.add(manager, ['project.virtual_key', 'mirror.virtual_key'], id, organizationId);
    });
    return keyHash;
  }

  const isProjected = async (hash: string): Promise<boolean> =>
    (await own.redis.hexists(`${prefix}:projection`, `key:${hash}`)) === 1;
  const isMirrored = async (hash: string): Promise<boolean> =>
    (await litellm.keys()).some(({ token }) => token === hash);
  const readiness = async (): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`http://127.0.0.1:${worker.port}/health/readiness`);
    return { status: response.status, body: await response.json() };
  };

  /** Something that only the job's handler does. */
  async function expectJobsToRun(): Promise<void> {
    await database.transactions.run('platform', (manager) =>
      manager.query(
        `INSERT INTO idempotency_records (service_token_id, idempotency_key, request_hash, locked_until, expires_at)
         VALUES ('tok', $1, 'h', now(), now() - interval '1 day')`,
        [randomBytes(8).toString('hex')],
      ),
    );
    const producer = new JobProducer(own.redis, prefix, silentLogger);
    await waitUntil(() => producer.add('housekeeping.sweep', {}), {
      deadlineMs,
      what: 'the job to be added',
    });
    await waitUntil(
      async () => {
        const rows = await database.transactions.run('platform', (manager) =>
          manager.query<unknown[]>('SELECT FROM idempotency_records'),
        );
        return rows.length === 0;
      },
      { deadlineMs, what: 'the job to be done' },
    );
  }

  async function expectSchedules(): Promise<void> {
    const queues = Object.values(queueNames).map(
      (name) => new Queue(name, { connection: own.redis, prefix }),
    );
    await waitUntil(
      async () => {
        const found = await Promise.all(queues.map((queue) => queue.getJobSchedulers()));
        const names = new Set(found.flat().map(({ name }) => name));
        return schedules.every(({ job }) => names.has(job));
      },
      { deadlineMs, what: 'the schedules' },
    );
  }

  it('brings a committed change to the edges and to LiteLLM, though nobody told it', async () => {
    const hash = await commitKey();
    await waitUntil(() => isProjected(hash), { deadlineMs, what: 'the projection' });
    await waitUntil(() => isMirrored(hash), { deadlineMs, what: 'the mirror' });
  });

  it('tells the edges what is known of a deployment, and forgets it with the deployment', async () => {
    const [provider, model, deployment] = [newId('provider'), newId('model'), newId('deployment')];
    const change = (sql: string, parameters: unknown[]): Promise<void> =>
      database.transactions.run('platform', async (manager) => {
        await manager.query(sql, parameters);
        await new OutboxRepository().add(manager, ['project.facts'], 'current', null);
      });
    const known = async () => {
      const text = await own.redis.hget(`${prefix}:projection`, 'facts:current');
      return text === null ? null : parseProjectionDocument('facts', text);
    };
    await change(`INSERT INTO providers (id, name, kind) VALUES ($1, 'p', 'openai')`, [provider]);
    await change(`INSERT INTO models (id, name, facts) VALUES ($1, 'm', '{"region":"eu"}')`, [model]);
    await change(
      `INSERT INTO deployments (id, model_id, provider_id, upstream_model) VALUES ($1, $2, $3, 'gpt-4o-mini')`,
      [deployment, model, provider],
    );
    const facts = await waitUntil(async () => (await known())?.deployments[deployment], {
      deadlineMs,
      what: 'the facts',
    });
    expect(facts).toMatchObject({ region: 'eu', quality: 0.576, quality_source: 'table', prices: null });
    await change('DELETE FROM models WHERE id = $1', [model]);
    await waitUntil(async () => (await known())?.deployments[deployment] === undefined, {
      deadlineMs,
      what: 'the facts to be gone',
    });
  });

  it('reports that it lives, and is ready', async () => {
    await waitUntil(async () => (await own.redis.keys(`${prefix}:heartbeat:worker:*`)).length === 1, {
      deadlineMs,
      what: 'a heartbeat',
    });
    expect(await readiness()).toEqual({
      status: 200,
      body: { status: 'ok', checks: { database: 'ok', redis: 'ok' } },
    });
    const liveliness = await fetch(`http://127.0.0.1:${worker.port}/health/liveliness`);
    expect(liveliness.status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${worker.port}/`)).status).toBe(404);
  });

  it('recovers by itself from a flush: projection, schedules, jobs', async () => {
    const hash = await commitKey();
    await waitUntil(() => isProjected(hash), { deadlineMs, what: 'the projection' });
    await expectSchedules();
    await expectJobsToRun();
    await own.flush();
    await waitUntil(() => isProjected(hash), { deadlineMs: 2_000, what: 'the rebuilt projection' });
    await expectSchedules();
    await expectJobsToRun();
  });

  it('goes on mirroring while Redis is away, and with everything once it is back', async () => {
    proxy.sever();
    await waitUntil(async () => JSON.stringify((await readiness()).body).includes('degraded'), {
      deadlineMs,
      what: 'the loss of Redis to be noticed',
    });
    const hash = await commitKey();
    await waitUntil(() => isMirrored(hash), { deadlineMs, what: 'the mirror' });
    expect(await isProjected(hash)).toBe(false);
    proxy.restore();
    await waitUntil(() => isProjected(hash), { deadlineMs, what: 'the projection' });
    await expectJobsToRun();
  });

  it('restores LiteLLM when that was started anew on an empty database', async () => {
    const hash = await commitKey();
    await waitUntil(() => isMirrored(hash), { deadlineMs, what: 'the mirror' });
    await litellm.loseDatabase();
    await waitUntil(() => isMirrored(hash), { deadlineMs, what: 'the restored key' });
    expect(litellm.teams.has(workspaceId)).toBe(true);
  });
});
