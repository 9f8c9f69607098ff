import { createLogger, newId, systemClock } from '@signalbox/common';
import {
  AttemptEntity,
  CredentialEntity,
  CredentialVersionEntity,
  OrganizationEntity,
  ProviderEntity,
  VirtualKeyEntity,
  VirtualKeySecretEntity,
  WorkspaceEntity,
} from '@signalbox/database';
import { openOwnRedis, type OwnRedis } from '../../../../test/support/own-redis';
import { openTestDatabase, type TestDatabase } from '../../../../test/support/test-database';
import { waitUntil } from '../../../../test/support/wait-until';
import { AttemptIntakeService } from './attempt-intake.service';
import { AttemptRepository } from './attempt.repository';
import { CredentialUseRepository } from './credential-use.repository';
import { KeyUseRepository } from './key-use.repository';

const prefix = 'attempts-test';
const stream = `${prefix}:attempts`;

jest.setTimeout(30_000);

describe('intake of attempts', () => {
  let database: TestDatabase;
  let own: OwnRedis;
  let lines: string[];
  const open: AttemptIntakeService[] = [];
  const organizationId = newId('organization');
  const workspaceId = newId('workspace');
  const keyId = newId('virtualKey');

  beforeAll(async () => {
    database = await openTestDatabase();
    own = await openOwnRedis();
    await database.transactions.run('platform', async (manager) => {
      await manager.insert(OrganizationEntity, { id: organizationId, name: 'acme' });
      await manager.insert(WorkspaceEntity, { id: workspaceId, organizationId, name: 'main' });
      await manager.insert(VirtualKeyEntity, { id: keyId, organizationId, workspaceId, createdBy: 'test' });
      await manager.insert(VirtualKeySecretEntity, {
        id: newId('virtualKeySecret'),
        organizationId,
        virtualKeyId: keyId,
        keyHash: 'hash-1',
        keyName: 'sk-...0000',
      });
    });
  });
  beforeEach(async () => {
    lines = [];
    await own.flush();
    await database.transactions.run('platform', (manager) => manager.query('DELETE FROM attempts'));
  });
  afterEach(() => open.splice(0).forEach((intake) => intake.onApplicationShutdown()));
  afterAll(async () => {
    await own.close();
    await database.close();
  });

  async function openIntake(transactions = database.transactions): Promise<AttemptIntakeService> {
    const logger = createLogger('info', {}, (line) => lines.push(line));
    const repository = new AttemptRepository();
    const intake = new AttemptIntakeService(
      transactions,
      repository,
      new KeyUseRepository(),
      new CredentialUseRepository(),
      own.redis,
      prefix,
      systemClock,
      logger,
    );
    open.push(intake);
    await waitUntil(() => intake.isReady(), { deadlineMs: 5_000, what: 'the connection' });
    return intake;
  }

  const report = (event: object | string): Promise<unknown> =>
    own.redis.xadd(stream, '*', 'event', typeof event === 'string' ? event : JSON.stringify(event));
  const attempt = (id: string, more: object = {}): object => ({
    attempt_id: id,
    request_id: `req_${id}`,
    key_hash: 'hash-1',
    workspace_id: workspaceId,
    status: 'success',
    cost_nano_usd: 42,
    started_at: '2026-01-01T00:00:00.000Z',
    ended_at: '2026-01-01T00:00:01.000Z',
    ...more,
  });
  const stored = (): Promise<AttemptEntity[]> =>
    database.transactions.run('platform', (manager) => manager.find(AttemptEntity, { order: { id: 'ASC' } }));
  const signal = (): AbortSignal => new AbortController().signal;

  it('stores each attempt once, under the organization of its workspace', async () => {
    const intake = await openIntake();
    await report(attempt('a'));
    await report(attempt('a', { cost_nano_usd: 7 }));
    await report(
      attempt('b', { key_hash: 'unknown', workspace_id: 'ws_unknown', status: 'failure', status_code: 429 }),
    );
    expect(await intake.takeIn(signal())).toBe(3);
    expect(await stored()).toMatchObject([
      { id: 'a', organizationId, workspaceId, virtualKeyId: keyId, costNanoUsd: '42' },
      { id: 'b', organizationId: null, virtualKeyId: null, status: 'failure', statusCode: 429 },
    ]);
    expect((await own.redis.xpending(stream, 'signalbox'))[0]).toBe(0);
  });

  it('notes when each value of a virtual key was last used, and never an earlier time', async () => {
    const lastUse = async (): Promise<Date | null | undefined> =>
      (
        await database.transactions.run('platform', (manager) =>
          manager.findOneByOrFail(VirtualKeySecretEntity, { keyHash: 'hash-1' }),
        )
      ).lastUsedAt;
    const intake = await openIntake();
    await report(attempt('used-1', { ended_at: '2026-01-01T00:02:00.000Z' }));
    await intake.takeIn(signal());
    await report(attempt('used-2', { ended_at: '2026-01-01T00:01:00.000Z' }));
    await intake.takeIn(signal());
    expect(await lastUse()).toEqual(new Date('2026-01-01T00:02:00.000Z'));
    await report(attempt('used-3', { ended_at: '2026-01-01T00:03:00.000Z' }));
    await intake.takeIn(signal());
    expect(await lastUse()).toEqual(new Date('2026-01-01T00:03:00.000Z'));
  });

  describe('of calls with a provider key', () => {
    const credentialId = newId('credential');
    const versionIds = [newId('credentialVersion'), newId('credentialVersion')] as const;
    const far = new Date('2100-01-01T00:00:00.000Z');

    beforeEach(async () => {
      await database.transactions.run('platform', async (manager) => {
        await manager.query('DELETE FROM credential_versions');
        await manager.query('DELETE FROM credentials');
        await manager.query('DELETE FROM providers');
        const providerId = newId('provider');
        await manager.insert(ProviderEntity, { id: providerId, name: 'openai', kind: 'openai' });
        await manager.insert(CredentialEntity, {
          id: credentialId,
          organizationId,
          providerId,
          ownerType: 'organization',
          ownerKey: organizationId,
          fingerprint: 'new',
          keyPrefix: '',
          last4: '0000',
          state: 'verified',
          nextCheckAt: far,
        });
        for (const [index, fingerprint] of ['old', 'new'].entries()) {
          await manager.insert(CredentialVersionEntity, {
            id: versionIds[index]!,
            organizationId,
            credentialId,
            number: index + 1,
            status: 'current',
            secretStore: 'sealed',
            secretName: `S${index}`,
            fingerprint,
            keyPrefix: '',
            last4: '0000',
          });
        }
      });
    });

    const credential = (): Promise<CredentialEntity> =>
      database.transactions.run('platform', (manager) =>
        manager.findOneByOrFail(CredentialEntity, { id: credentialId }),
      );
    const withKey = (id: string, more: object = {}): object =>
      attempt(id, { credential_id: credentialId, credential_fingerprint: 'old', ...more });
    const takeIn = async (...events: object[]): Promise<void> => {
      const intake = await openIntake();
      for (const event of events) await report(event);
      await intake.takeIn(signal());
    };
    const refusal = { status: 'failure', error_class: 'AuthenticationError', status_code: 401 };

    it('notes when each value was last used, and writes it again only after a while', async () => {
      await takeIn(withKey('k1'), withKey('k2', { ended_at: '2026-01-01T00:00:09.000Z' }));
      const versions = await database.transactions.run('platform', (manager) =>
        manager.find(CredentialVersionEntity, { order: { number: 'ASC' } }),
      );
      const last = new Date('2026-01-01T00:00:09.000Z');
      expect(versions.map(({ lastUsedAt }) => lastUsedAt)).toEqual([last, null]);
      expect(await credential()).toMatchObject({ lastUsedAt: last, version: 1, nextCheckAt: far });
      await takeIn(withKey('k3', { ended_at: '2026-01-01T00:00:18.000Z' }));
      expect((await credential()).lastUsedAt).toEqual(last);
      await takeIn(withKey('k4', { ended_at: '2026-01-01T00:00:20.000Z' }));
      expect((await credential()).lastUsedAt).toEqual(new Date('2026-01-01T00:00:20.000Z'));
      expect(await stored()).toMatchObject(
        ['k1', 'k2', 'k3', 'k4'].map((id) => ({ id, credentialId, credentialFingerprint: 'old' })),
      );
    });

    it('asks for a check at once when the provider refused the key, and judges nothing', async () => {
      await takeIn(withKey('r1', refusal));
      const { nextCheckAt, state, version } = await credential();
      expect([state, version]).toEqual(['verified', 1]);
      expect(nextCheckAt?.getTime()).toBeLessThanOrEqual(Date.now());
    });

    it('asks no more often than once a minute', async () => {
      await database.transactions.run('platform', (manager) =>
        manager.update(CredentialEntity, { id: credentialId }, { checkedAt: new Date() }),
      );
      await takeIn(withKey('r1', refusal));
      expect((await credential()).nextCheckAt).toEqual(far);
    });

    it('asks for none that is disabled, or that only LiteLLM knows', async () => {
      for (const change of [{ enabled: false, state: 'disabled' as const }, { source: 'env' as const }]) {
        await database.transactions.run('platform', (manager) =>
          manager.update(
            CredentialEntity,
            { id: credentialId },
            { enabled: true, state: 'verified', ...change },
          ),
        );
        await takeIn(withKey(`r-${JSON.stringify(change)}`, refusal));
        expect((await credential()).nextCheckAt).toEqual(far);
      }
    });
  });

  it('drops what cannot be used, says so without its content, and goes on', async () => {
    const intake = await openIntake();
    await report('{"attempt_id": "sk-sb-0123456789');
    await own.redis.xadd(stream, '*', 'other', 'field');
    await report(attempt('c'));
    await intake.takeIn(signal());
    expect((await stored()).map(({ id }) => id)).toEqual(['c']);
    expect(lines).toHaveLength(2);
    expect(lines.join('')).not.toContain('0123456789');
    expect((await own.redis.xpending(stream, 'signalbox'))[0]).toBe(0);
  });

  it('drops the one event that PostgreSQL refuses, and stores its neighbours', async () => {
    const intake = await openIntake();
    await report(attempt('d'));
    await report(attempt('e', { started_at: '0000-01-01T00:00:00Z' }));
    await report(attempt('f'));
    await intake.takeIn(signal());
    expect((await stored()).map(({ id }) => id)).toEqual(['d', 'f']);
    expect(lines.join('')).toContain('"attempt_id":"e"');
  });

  it('keeps its batch while PostgreSQL is away', async () => {
    let isAway = true;
    const failing = {
      run: (...parameters: Parameters<typeof database.transactions.run>) =>
        isAway ? Promise.reject(new Error('away')) : database.transactions.run(...parameters),
    } as typeof database.transactions;
    const intake = await openIntake(failing);
    await report(attempt('g'));
    await expect(intake.takeIn(signal())).rejects.toThrow('away');
    isAway = false;
    await intake.takeIn(signal());
    expect((await stored()).map(({ id }) => id)).toEqual(['g']);
  });

  it('takes over what a killed worker had taken', async () => {
    await report(attempt('h'));
    await own.redis.xgroup('CREATE', stream, 'signalbox', '0');
    await own.redis.xreadgroup('GROUP', 'signalbox', 'killed', 'STREAMS', stream, '>');
    // Seen from Redis, the entry was taken two minutes ago.
    const [[streamId]] = (await own.redis.xrange(stream, '-', '+')) as [[string, string[]]];
    await own.redis.xclaim(stream, 'signalbox', 'killed', 0, streamId, 'IDLE', 120_000);
    const intake = await openIntake();
    await intake.takeIn(signal());
    expect((await stored()).map(({ id }) => id)).toEqual(['h']);
    expect((await own.redis.xpending(stream, 'signalbox'))[0]).toBe(0);
  });

  it('goes on after a flush', async () => {
    const intake = await openIntake();
    await report(attempt('i'));
    await intake.takeIn(signal());
    await own.flush();
    await report(attempt('j'));
    await intake.takeIn(signal());
    expect((await stored()).map(({ id }) => id)).toEqual(['i', 'j']);
  });

  it('shares the stream with other workers', async () => {
    const workers = await Promise.all([openIntake(), openIntake()]);
    for (let index = 0; index < 20; index += 1) await report(attempt(`k${String(index).padStart(2, '0')}`));
    const counts = await Promise.all(workers.map((worker) => worker.takeIn(signal())));
    expect(counts[0]! + counts[1]!).toBe(20);
    expect(await stored()).toHaveLength(20);
  });
});
