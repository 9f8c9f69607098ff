import { randomBytes } from 'node:crypto';
import { silentLogger } from '@signalbox/common';
import type { CredentialState } from '@signalbox/database';
import { REDIS } from '@signalbox/domain/core';
import { CredentialCheckService } from '@signalbox/domain/credential-checks';
import type { Redis } from 'ioredis';
import { faults } from '../../../../test/stand-ins/provider-validation.stand-in';
import { type CheckWorld, openCheckWorld } from '../../../../test/support/check-world';
import { waitUntil } from '../../../../test/support/wait-until';
import { type RunningWorker, startWorker } from '../start-worker';

jest.setTimeout(120_000);

const deadlineMs = 40_000;

describe('the worker and provider keys', () => {
  let world: CheckWorld;
  let worker: RunningWorker;

  beforeAll(async () => {
    world = await openCheckWorld();
    const { config, database } = world.api;
    worker = await startWorker({
      logger: silentLogger,
      config: {
        ...config,
        // Nothing listens there: checks do without LiteLLM.
        runnerUrl: 'http://127.0.0.1:9',
        // Nothing listens there: no benchmark runs here.
        edgeUrl: 'http://127.0.0.1:9',
        catalogueSync: 'off',
        catalogueSources: ['openrouter', 'litellm'],
        openrouterUrl: 'http://127.0.0.1:9/api/v1',
        litellmDatabaseUrl: database.ownerUrl,
        litellmMasterKey: 'sk-master-key-of-tests',
      },
    });
  });
  beforeEach(() => world.provider.reset());
  afterAll(async () => {
    await worker.close();
    await world.close();
  });

  const newSecret = (): string => `sk-test-${randomBytes(16).toString('hex')}`;
  const isIn = async (id: string, state: CredentialState, reason?: string): Promise<boolean> => {
    const credential = await world.credential(id);
    return credential.state === state && (reason === undefined || credential.stateReason === reason);
  };

  it('checks a saved key by itself, and at once after a hint', async () => {
    const [first, second] = [newSecret(), newSecret()];
    world.provider.setKey(first, 'good');
    world.provider.setKey(second, 'bad');
    const firstId = await world.addKey(first, { organizationId: await world.addOrganization() });
    await waitUntil(() => isIn(firstId, 'verified'), { deadlineMs, what: 'the schedule' });
    const secondId = await world.addKey(second, { organizationId: await world.addOrganization() });
    await world.api.get(CredentialCheckService).hint();
    await waitUntil(() => isIn(secondId, 'invalid'), { deadlineMs, what: 'the hint' });
  });

  it('is not held up by a provider that lets it wait', async () => {
    world.provider.misbehave(faults.hang, { provider: 'anthropic' });
    const slow: string[] = [];
    for (let index = 0; index < 6; index += 1) {
      const organizationId = await world.addOrganization();
      slow.push(await world.addKey(newSecret(), { kind: 'anthropic', organizationId }));
    }
    await world.api.get(CredentialCheckService).hint();
    await waitUntil(() => world.provider.requests.length > 0, { deadlineMs, what: 'the slow provider' });
    const secret = newSecret();
    world.provider.setKey(secret, 'good');
    const id = await world.addKey(secret, { organizationId: await world.addOrganization() });
    await waitUntil(() => isIn(id, 'verified'), { deadlineMs, what: 'the other provider' });
    const states = await Promise.all(slow.map((slowId) => isIn(slowId, 'pending')));
    expect(states).toContain(true);
    for (const slowId of slow) await world.change(slowId, { nextCheckAt: null });
  });

  it('asks at once when a call was refused because of the key', async () => {
    const secret = newSecret();
    const id = await world.addKey(secret, {
      organizationId: await world.addOrganization(),
      row: {
        state: 'verified',
        verifiedAt: world.clock.now(),
        nextCheckAt: new Date('2100-01-01T00:00:00.000Z'),
      },
    });
    const event = {
      attempt_id: `att_${randomBytes(8).toString('hex')}`,
      status: 'failure',
      error_class: 'AuthenticationError',
      status_code: 401,
      credential_id: id,
      credential_fingerprint: (await world.credential(id)).fingerprint,
    };
    await world.api
      .get<Redis>(REDIS)
      .xadd(`${world.api.config.redisPrefix}:attempts`, '*', 'event', JSON.stringify(event));
    await waitUntil(() => isIn(id, 'verified', 'refused_once'), { deadlineMs, what: 'the check' });
    expect(world.provider.countOf(secret)).toBe(1);
    expect((await world.credential(id)).lastUsedAt).not.toBeNull();
  });
});
