import { createLogger, newId, systemClock } from '@signalbox/common';
import { UsageEventEntity } from '@signalbox/database';
import type { UsageEvent } from '@signalbox/gateway';
import { openOwnRedis, type OwnRedis } from '../../../../test/support/own-redis';
import { openTestDatabase, type TestDatabase } from '../../../../test/support/test-database';
import { waitUntil } from '../../../../test/support/wait-until';
import { UsageEventRepository } from './usage-event.repository';
import { UsageIntakeService } from './usage-intake.service';

const prefix = 'usage-test';
const stream = `${prefix}:usage`;
const deadLetters = `${stream}:dead`;

jest.setTimeout(60_000);

describe('intake of usage events', () => {
  let database: TestDatabase;
  let own: OwnRedis;
  let lines: string[];
  const open: UsageIntakeService[] = [];

  beforeAll(async () => {
    database = await openTestDatabase();
    own = await openOwnRedis();
  });
  beforeEach(async () => {
    lines = [];
    await own.flush();
    await database.transactions.run('platform', (manager) => manager.query('DELETE FROM usage_events'));
  });
  afterEach(() => open.splice(0).forEach((intake) => intake.onApplicationShutdown()));
  afterAll(async () => {
    await own.close();
    await database.close();
  });

  async function openIntake(
    transactions = database.transactions,
    repository = new UsageEventRepository(),
  ): Promise<UsageIntakeService> {
    const logger = createLogger('info', {}, (line) => lines.push(line));
    const intake = new UsageIntakeService(transactions, repository, own.redis, prefix, systemClock, logger);
    open.push(intake);
    await waitUntil(() => intake.isReady(), { deadlineMs: 5_000, what: 'the connection' });
    return intake;
  }

  function usage(requestId: string, more: Partial<UsageEvent> = {}): UsageEvent {
    return {
      v: 1,
      request_id: requestId,
      organization_id: 'org_1',
      workspace_id: 'ws_1',
      virtual_key_id: 'key_1',
      service_id: null,
      user_id: null,
      call_type: 'chat_completions',
      model_requested: 'smart',
      model_used: 'fast',
      upstream_model: 'gpt-4o-mini',
      provider: 'openai',
      provider_id: 'prov_1',
      deployment_id: 'dep_1',
      credential_id: 'cred_1',
      credential_owner: 'workspace',
      route: 'litellm',
      fallback_reason: 'server_error',
      cross_vendor: false,
      attempts: [
        {
          route: 'litellm',
          model: 'smart',
          provider: 'openai',
          deployment_id: 'dep_0',
          credential_id: null,
          status: 503,
          failure: 'server_error',
          started_at_ms: 1_767_225_600_000,
          duration_ms: 7,
        },
      ],
      status_code: 200,
      error_code: null,
      complete: true,
      client_gone: false,
      stream: true,
      prompt_tokens: 12,
      completion_tokens: 34,
      cache_read_tokens: 5,
      cache_write_tokens: 6,
      reasoning_tokens: 7,
      usage_source: 'provider',
      provider_cost_nano_usd: 4_200_000_000,
      cost_nano_usd: 4_100_000_000,
      prices: { input: 2_500_000, output: 10_000_000, cache_read: null, cache_write: null, request: null },
      power_level: 'eco',
      bytes_in: 100,
      bytes_out: 5_000_000_000,
      decision: { candidates: ['dep_0', 'dep_1'] },
      edge_id: 'edge-1',
      started_at_ms: 1_767_225_600_000,
      first_byte_at_ms: 1_767_225_600_123,
      ended_at_ms: 1_767_225_601_456,
      ...more,
    };
  }
  const add = (event: object | string): Promise<unknown> =>
    own.redis.xadd(stream, '*', 'event', typeof event === 'string' ? event : JSON.stringify(event));
  const stored = (): Promise<UsageEventEntity[]> =>
    database.transactions.run('platform', (manager) =>
      manager.find(UsageEventEntity, { order: { requestId: 'ASC' } }),
    );
  const storedIds = async (): Promise<string[]> => (await stored()).map(({ requestId }) => requestId);
  const signal = (): AbortSignal => new AbortController().signal;

  async function expectStreamEmpty(): Promise<void> {
    expect(await own.redis.xlen(stream)).toBe(0);
    expect((await own.redis.xpending(stream, 'signalbox'))[0]).toBe(0);
  }

  it('stores every field, and leaves nothing in the stream', async () => {
    const intake = await openIntake();
    await add(usage('req_a'));
    await add(
      usage('req_b', { route: null, first_byte_at_ms: null, attempts: [], decision: null, complete: false }),
    );
    expect(await intake.takeIn(signal())).toBe(2);
    const [first, second] = await stored();
    expect(first).toMatchObject({
      requestId: 'req_a',
      organizationId: 'org_1',
      workspaceId: 'ws_1',
      virtualKeyId: 'key_1',
      serviceId: null,
      callType: 'chat_completions',
      modelRequested: 'smart',
      modelUsed: 'fast',
      upstreamModel: 'gpt-4o-mini',
      provider: 'openai',
      providerId: 'prov_1',
      deploymentId: 'dep_1',
      credentialId: 'cred_1',
      credentialOwner: 'workspace',
      route: 'litellm',
      fallbackReason: 'server_error',
      crossVendor: false,
      attempts: usage('').attempts,
      statusCode: 200,
      errorCode: null,
      complete: true,
      clientGone: false,
      stream: true,
      promptTokens: '12',
      completionTokens: '34',
      cacheReadTokens: '5',
      cacheWriteTokens: '6',
      reasoningTokens: '7',
      usageSource: 'provider',
      providerCostNanoUsd: '4200000000',
      costNanoUsd: '4100000000',
      prices: { input: 2_500_000, output: 10_000_000, cache_read: null, cache_write: null, request: null },
      powerLevel: 'eco',
      bytesIn: '100',
      bytesOut: '5000000000',
      decision: { candidates: ['dep_0', 'dep_1'] },
      edgeId: 'edge-1',
      startedAt: new Date(1_767_225_600_000),
      firstByteAt: new Date(1_767_225_600_123),
      endedAt: new Date(1_767_225_601_456),
    });
    expect(second).toMatchObject({
      route: null,
      firstByteAt: null,
      attempts: [],
      decision: null,
      complete: false,
    });
    await expectStreamEmpty();
  });

  it('stores an event once, in one batch or in two', async () => {
    const intake = await openIntake();
    await add(usage('req_a'));
    await add(usage('req_a', { status_code: 500 }));
    await intake.takeIn(signal());
    await add(usage('req_a', { status_code: 500 }));
    await add(usage('req_b'));
    await intake.takeIn(signal());
    expect((await stored()).map(({ requestId, statusCode }) => [requestId, statusCode])).toEqual([
      ['req_a', 200],
      ['req_b', 200],
    ]);
    await expectStreamEmpty();
  });

  it('stores an event once though the worker dies between storing it and taking it off the stream', async () => {
    let dies = (): void => undefined;
    const dying = {
      run: async (...parameters: Parameters<typeof database.transactions.run>) => {
        const result = await database.transactions.run(...parameters);
        dies();
        return result;
      },
    } as typeof database.transactions;
    const killed = await openIntake(dying);
    dies = () => killed.onApplicationShutdown();
    await add(usage('req_a'));
    await expect(killed.takeIn(signal())).rejects.toThrow('Connection is closed');
    expect(await storedIds()).toEqual(['req_a']);
    const [[streamId]] = (await own.redis.xrange(stream, '-', '+')) as [[string, string[]]];
    await own.redis.xclaim(stream, 'signalbox', 'killed', 0, streamId, 'IDLE', 120_000);
    const intake = await openIntake();
    expect(await intake.takeIn(signal())).toBe(1);
    expect(await storedIds()).toEqual(['req_a']);
    await expectStreamEmpty();
  });

  it('takes over what a killed worker had taken', async () => {
    await add(usage('req_h'));
    await own.redis.xgroup('CREATE', stream, 'signalbox', '0');
    await own.redis.xreadgroup('GROUP', 'signalbox', 'killed', 'STREAMS', stream, '>');
    // Seen from Redis, the entry was taken two minutes ago.
    const [[streamId]] = (await own.redis.xrange(stream, '-', '+')) as [[string, string[]]];
    await own.redis.xclaim(stream, 'signalbox', 'killed', 0, streamId, 'IDLE', 120_000);
    const intake = await openIntake();
    await intake.takeIn(signal());
    expect(await storedIds()).toEqual(['req_h']);
    await expectStreamEmpty();
  });

  it('keeps its batch while PostgreSQL is away', async () => {
    let isAway = true;
    const failing = {
      run: (...parameters: Parameters<typeof database.transactions.run>) =>
        isAway ? Promise.reject(new Error('away')) : database.transactions.run(...parameters),
    } as typeof database.transactions;
    const intake = await openIntake(failing);
    await add(usage('req_g'));
    await add('poison');
    for (let round = 0; round < 3; round += 1) {
      await expect(intake.takeIn(signal())).rejects.toThrow('away');
    }
    expect(await own.redis.xlen(stream)).toBe(2);
    isAway = false;
    await intake.takeIn(signal());
    expect(await storedIds()).toEqual(['req_g']);
    expect(await own.redis.xlen(deadLetters)).toBe(1);
    await expectStreamEmpty();
  });

  it('puts poisonous events aside, says so without their content, and stores their neighbours', async () => {
    const intake = await openIntake();
    const secret = 'sk-sb-0123456789';
    await add(usage('req_1'));
    await add(`{"request_id":"${secret}`);
    await add({ ...usage('req_2'), status_code: secret });
    await own.redis.xadd(stream, '*', 'other', 'field');
    // What the schema lets through and PostgreSQL does not take: NUL in text, half a character, too large a number.
    await add(usage('req_3', { model_requested: 'a\0b' }));
    await add(usage('req_4', { user_id: '\ud800' }));
    await add(usage('req_5', { status_code: 3_000_000_000 }));
    await add(usage('req_6', { ended_at_ms: Number.MAX_SAFE_INTEGER }));
    await add({ ...usage('req_7'), v: 2 });
    await add(usage('req_8'));
    await intake.takeIn(signal());
    expect(await storedIds()).toEqual(['req_1', 'req_8']);
    expect(await own.redis.xlen(deadLetters)).toBe(8);
    expect(lines).toHaveLength(8);
    expect(lines.join('')).not.toContain('0123456789');
    expect(lines.join('')).toContain('status_code');
    await expectStreamEmpty();
  });

  it('bounds what it puts aside', async () => {
    const pipeline = own.redis.pipeline();
    for (let count = 0; count < 10_500; count += 1) pipeline.xadd(deadLetters, '*', 'event', 'old');
    await pipeline.exec();
    const intake = await openIntake();
    await add('poison');
    await intake.takeIn(signal());
    expect(await own.redis.xlen(deadLetters)).toBeLessThan(10_200);
    const [[, newest]] = (await own.redis.xrevrange(deadLetters, '+', '-', 'COUNT', 1)) as [
      [string, string[]],
    ];
    expect(newest).toContain('poison');
  });

  it('goes on after a flush', async () => {
    const intake = await openIntake();
    await add(usage('req_i'));
    await intake.takeIn(signal());
    await own.flush();
    await add(usage('req_j'));
    await intake.takeIn(signal());
    expect(await storedIds()).toEqual(['req_i', 'req_j']);
  });

  it('shares the stream with other workers, and loses nothing of many', async () => {
    const count = 5_000;
    const pipeline = own.redis.pipeline();
    for (let index = 0; index < count; index += 1) {
      pipeline.xadd(stream, '*', 'event', JSON.stringify(usage(newId('request'))));
    }
    await pipeline.exec();
    const workers = await Promise.all([openIntake(), openIntake()]);
    const counts = await Promise.all(workers.map((worker) => worker.takeIn(signal())));
    expect(counts[0]! + counts[1]!).toBe(count);
    expect(await stored()).toHaveLength(count);
    await expectStreamEmpty();
  });
});
