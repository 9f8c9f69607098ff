import { breakerRules, type FailureReason, performanceFrom, performanceKey } from '@signalbox/gateway';
import { EdgeClient, errorOf, messages } from '../../../../test/support/edge-client';
import {
  aModel,
  failing,
  type FailoverWorld,
  openFailoverWorld,
  tagsOf,
} from '../../../../test/support/failover-world';
import { waitUntil } from '../../../../test/support/wait-until';
import type { LitellmBehaviour } from '../../../../test/stand-ins/litellm.stand-in';

let world: FailoverWorld;

beforeEach(async () => {
  world = await openFailoverWorld();
});
afterEach(() => world.close());

describe('the first choice', () => {
  it('is tagged with what answered, and with nothing about a fallback', async () => {
    await world.ready();
    const response = await world.send();
    expect(tagsOf(response)).toEqual({
      attempts: '1',
      route: 'litellm',
      model: 'demo',
      provider: 'openai',
      'credential-owner': 'platform',
    });
    expect(await world.eventOf(response.headers.get('x-request-id'))).toMatchObject({
      call_type: 'chat_completions',
      model_requested: 'demo',
      model_used: 'demo',
      provider: 'openai',
      provider_id: 'prov_1',
      deployment_id: 'dep_1',
      credential_id: 'cred_1',
      credential_owner: 'platform',
      route: 'litellm',
      fallback_reason: null,
      attempts: [{ route: 'litellm', model: 'demo', deployment_id: 'dep_1', status: 200, failure: null }],
      status_code: 200,
      error_code: null,
      complete: true,
      client_gone: false,
      usage_source: 'provider',
      prompt_tokens: 1,
      decision: null,
    });
  });
});

describe('what moves on to the next deployment', () => {
  it.each<[string, LitellmBehaviour, FailureReason]>([
    ['401', failing(401, 'authentication_error'), 'credential_refused'],
    ['403', failing(403, 'permission_error'), 'credential_refused'],
    ['402', failing(402), 'payment_required'],
    ['408', failing(408), 'timeout'],
    ['409', failing(409), 'conflict'],
    ['429', failing(429, 'throttling_error'), 'rate_limited'],
    ['500', failing(500), 'provider_error'],
    ['503', failing(503), 'provider_error'],
    ['404 of the model', failing(404, 'not_found_error'), 'model_unknown'],
    ['an empty stream', { kind: 'cut', afterEvents: 0, how: 'clean' }, 'invalid_answer'],
    ['an error as the first event', { kind: 'error_in_stream', afterEvents: 0 }, 'error_event'],
  ])('%s', async (_name, behaviour, reason) => {
    await world.ready();
    world.behave({ dep_1: behaviour });
    const response = await world.send('demo', { stream: true });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('[DONE]');
    expect(tagsOf(response)).toMatchObject({
      attempts: '2',
      fallback: reason,
      route: 'litellm',
      model: 'demo',
    });
    expect(world.called()).toEqual(['dep_1', 'dep_2']);
    const event = await world.eventOf(response.headers.get('x-request-id'));
    expect(event).toMatchObject({ fallback_reason: reason, deployment_id: 'dep_2', complete: true });
    expect(event.attempts.map(({ failure }) => failure)).toEqual([reason, null]);
  });

  it('a stream without a first event in time', async () => {
    await world.ready({ first_byte_timeout_ms: 1_000 });
    world.behave({ dep_1: { kind: 'hang' } });
    const response = await world.send('demo', { stream: true });
    expect(tagsOf(response)).toMatchObject({ attempts: '2', fallback: 'first_byte_timeout' });
    expect(await response.text()).toContain('[DONE]');
    expect(world.app.litellm.posts()[0]?.isAborted).toBe(true);
  });
});

describe('what does not', () => {
  it.each([400, 413, 422])("the client's own %s: it is shown as the upstream said it", async (status) => {
    await world.ready({ cascades: { '*': ['other'] } });
    world.behave({ dep_1: failing(status, 'invalid_request_error') });
    const response = await world.send();
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([status, 'false']);
    expect(tagsOf(response)).toMatchObject({ attempts: '1', route: 'litellm' });
    expect((await errorOf(response)).message).toContain('the provider said no');
    expect(world.called()).toEqual(['dep_1']);
    const event = await world.eventOf(response.headers.get('x-request-id'));
    expect(event).toMatchObject({
      status_code: status,
      complete: false,
      error_code: 'client_error',
      route: null,
    });
  });

  it('anything after the first byte: the stream ends with an error event', async () => {
    await world.ready();
    world.behave({ dep_1: { kind: 'cut', afterEvents: 3, how: 'reset' } });
    const text = await (await world.send('demo', { stream: true })).text();
    expect(text).toContain('stream_interrupted');
    expect(text).not.toContain('[DONE]');
    expect(world.called()).toEqual(['dep_1']);
    const event = await waitUntil(() => world.events.at(-1), { deadlineMs: 2_000, what: 'the event' });
    expect(event).toMatchObject({ status_code: 200, complete: false, client_gone: false });
    expect(event.error_code).not.toBeNull();
  });
});

describe('limits', () => {
  it('of attempts, over all ways together', async () => {
    await world.ready({ attempt_limit: 2 });
    world.behave({ dep_1: failing(500), dep_2: failing(500), dep_3: failing(500) });
    const response = await world.send();
    expect([response.status, tagsOf(response)['attempts']]).toEqual([500, '2']);
    expect(world.called()).toEqual(['dep_1', 'dep_2']);
  });

  it("of time: the client's own patience counts", async () => {
    await world.ready();
    world.behave({ dep_1: { kind: 'hang' }, dep_2: { kind: 'hang' }, dep_3: { kind: 'hang' } });
    const startMs = performance.now();
    const response = await world.send('demo', { stream: true }, { 'x-stainless-timeout': '1' });
    // The policy would give it minutes.
    expect(performance.now() - startMs).toBeLessThan(10_000);
    expect([response.status, (await errorOf(response)).code]).toEqual([504, 'provider_timeout']);
    expect(response.headers.get('x-should-retry')).toBe('false');
  });
});

describe("a client's hurry", () => {
  it('is held against no provider, though it is told that nobody came in time', async () => {
    await world.ready();
    world.behave({ dep_1: { kind: 'hang' } });
    const hurried = Array.from({ length: 2 * breakerRules.windowFailures }, async (_, index) => {
      const response = await world.send(
        'demo',
        { stream: index % 2 === 0 },
        { 'x-stainless-timeout': '0.3' },
      );
      expect((await errorOf(response)).code).toBe('provider_timeout');
    });
    await Promise.all(hurried);
    world.behave({});
    const response = await world.send();
    expect(tagsOf(response)).not.toHaveProperty('fallback');
    expect(world.called().at(-1)).toBe('dep_1');
    await world.app.edge.exchangePerformance();
    const { redis, prefix } = world.app.projection;
    const figures = performanceFrom(await redis.hvals(performanceKey(prefix)), Date.now());
    expect(figures.get('dep_1')).toMatchObject({ errorRate: 0 });
  });
});

describe("a tenant's short limit", () => {
  const impatient = { first_byte_timeout_ms: 1_000, attempt_limit: 1 };
  const outOfTime = async (): Promise<void> => {
    world.behave({ dep_1: { kind: 'hang' } });
    const calls = Array.from({ length: breakerRules.windowFailures }, async () => {
      expect((await world.send('demo', { stream: true })).status).toBe(504);
    });
    await Promise.all(calls);
    world.behave({});
  };

  it('closes no provider for those who use the same key of the platform', async () => {
    await world.ready(impatient);
    await outOfTime();
    expect(tagsOf(await world.send())).not.toHaveProperty('fallback');
  });

  it("is the provider's failure where the platform says it too", async () => {
    const settings = { routing: { first_byte_timeout_ms: 1_000 } };
    await world.app.projection.write('settings', 'platform', settings);
    await world.ready(impatient);
    await outOfTime();
    expect(tagsOf(await world.send())).toMatchObject({ fallback: 'breaker_open' });
  });

  it("is the provider's failure where the key is the tenant's own", async () => {
    const own = { id: 'cred_own', provider_id: 'prov_1', state: 'verified', expires_at: null };
    await world.app.projection.write('credentials', 'ws_1', { owner_key: 'ws_1', credentials: [own] });
    await world.ready(impatient);
    await outOfTime();
    expect(tagsOf(await world.send())).toMatchObject({ fallback: 'breaker_open' });
  });
});

describe('when nobody answers', () => {
  it('one kind of error is shown as it is, and is final', async () => {
    await world.ready();
    const slow = failing(429, 'throttling_error', { 'llm_provider-retry-after': '7' });
    world.behave({ dep_1: slow, dep_2: slow, dep_3: slow });
    const response = await world.send();
    expect([
      response.status,
      response.headers.get('retry-after'),
      response.headers.get('x-should-retry'),
    ]).toEqual([429, '7', 'false']);
    expect(tagsOf(response)).toMatchObject({ attempts: '3', route: 'litellm', model: 'demo' });
  });

  it('several kinds say together that nobody could, and when to come back', async () => {
    await world.ready();
    const slow = (seconds: string) =>
      failing(429, 'throttling_error', { 'llm_provider-retry-after': seconds });
    world.behave({ dep_1: slow('20'), dep_2: slow('9'), dep_3: failing(500) });
    const response = await world.send();
    expect([
      response.status,
      response.headers.get('retry-after'),
      response.headers.get('x-should-retry'),
    ]).toEqual([503, '9', 'false']);
    expect((await errorOf(response)).code).toBe('all_providers_unavailable');
  });

  it('the SDKs do not repeat what all candidates have refused', async () => {
    await world.ready({}, aModel('demo'));
    world.behave({ dep_demo: failing(500) });
    const patient = new EdgeClient(world.app.url, world.key.value, 2);
    await expect(patient.openai.chat.completions.create({ model: 'demo', messages })).rejects.toMatchObject({
      status: 500,
    });
    expect(world.called()).toHaveLength(1);
  });

  it('speaks the dialect of the caller', async () => {
    await world.ready();
    world.behave({ dep_1: failing(429), dep_2: failing(500), dep_3: failing(500) });
    await expect(
      world.client.anthropic.messages.create({ model: 'demo', messages, max_tokens: 5 }),
    ).rejects.toMatchObject({ status: 503, type: 'overloaded_error' });
  });
});

describe('clients that go away', () => {
  it.each([true, false])(
    'end the attempt under way and start no further one (streamed: %s)',
    async (stream) => {
      await world.ready();
      world.behave({ dep_1: { kind: 'hang' } });
      const leaving = new AbortController();
      const answer = fetch(`${world.app.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${world.key.value}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'demo', messages, stream }),
        signal: leaving.signal,
      });
      await waitUntil(() => world.called().length === 1, { deadlineMs: 2_000, what: 'the call' });
      leaving.abort();
      await expect(answer).rejects.toThrow();
      await waitUntil(() => world.app.litellm.posts()[0]?.isAborted, {
        deadlineMs: 1_000,
        what: 'the abort',
      });
      const event = await waitUntil(() => world.events.at(-1), { deadlineMs: 2_000, what: 'the event' });
      expect(event).toMatchObject({ client_gone: true, complete: false, status_code: 499 });
      expect(event.attempts.map(({ failure }) => failure)).toEqual(['abandoned']);
      expect(world.called()).toHaveLength(1);
    },
  );
});
