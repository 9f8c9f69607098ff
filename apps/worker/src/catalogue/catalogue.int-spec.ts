import { silentLogger } from '@signalbox/common';
import { CatalogueSyncEntity } from '@signalbox/database';
import { randomBytes } from 'node:crypto';
import { LitellmPricesStandIn } from '../../../../test/stand-ins/litellm-prices.stand-in';
import { OpenrouterCatalogueStandIn } from '../../../../test/stand-ins/openrouter-catalogue.stand-in';
import { openOwnRedis, type OwnRedis } from '../../../../test/support/own-redis';
import { openTestDatabase, type TestDatabase } from '../../../../test/support/test-database';
import { waitUntil } from '../../../../test/support/wait-until';
import { type RunningWorker, startWorker } from '../start-worker';

describe('the worker and the catalogue', () => {
  let database: TestDatabase;
  let own: OwnRedis;
  let openrouter: OpenrouterCatalogueStandIn;
  let litellm: LitellmPricesStandIn;
  let worker: RunningWorker;

  beforeAll(async () => {
    database = await openTestDatabase();
    own = await openOwnRedis();
    openrouter = await OpenrouterCatalogueStandIn.start();
    litellm = await LitellmPricesStandIn.start();
    worker = await startWorker({
      logger: silentLogger,
      config: {
        logLevel: 'silent',
        exitWithParent: false,
        host: '127.0.0.1',
        port: 0,
        runnerUrl: litellm.url,
        internalToken: litellm.token,
        fingerprintKey: 'fingerprint-key-of-tests',
        allowedHosts: [],
        // Nothing listens there: no benchmark runs here.
        edgeUrl: 'http://127.0.0.1:9',
        catalogueSync: 'daily',
        catalogueSources: ['openrouter', 'litellm'],
        openrouterUrl: openrouter.baseUrl,
        secretStore: { active: 'sealed', infisical: null, maxStaleMs: 1_800_000 },
        encryptionKeys: [{ kid: 'test', key: Buffer.alloc(32, 5) }],
        redisUrl: own.url,
        redisPrefix: `test-${randomBytes(6).toString('hex')}`,
        databaseUrl: database.appUrl,
        litellmDatabaseUrl: database.ownerUrl,
        litellmMasterKey: 'sk-master-key-of-tests',
      },
    });
  });
  afterAll(async () => {
    await worker.close();
    await litellm.close();
    await openrouter.close();
    await own.close();
    await database.close();
  });

  it('fetches the first catalogue by itself, without a key', async () => {
    const isThere = async (): Promise<boolean> => {
      const syncs = await database.transactions.run('platform', (manager) =>
        manager.find(CatalogueSyncEntity),
      );
      return syncs.some(({ state, trigger }) => state === 'completed' && trigger === 'schedule');
    };
    await waitUntil(isThere, { deadlineMs: 40_000, what: 'a completed sync' });
    expect(openrouter.requests).toEqual(['/api/v1/models?output_modalities=all&offset=0&limit=1000']);
  });
});
