import type { FailureReason } from '@signalbox/gateway';
import { EdgeClient, errorOf, messages } from '../../../../test/support/edge-client';
import { aModel, type FailoverWorld, openFailoverWorld } from '../../../../test/support/failover-world';
import { waitUntil } from '../../../../test/support/wait-until';
import type { LitellmBehaviour } from '../../../../test/stand-ins/litellm.stand-in';
import { ProviderStandIn } from '../../../../test/stand-ins/provider.stand-in';

let world: FailoverWorld;
let provider: ProviderStandIn;

beforeEach(async () => {
  [world, provider] = await Promise.all([openFailoverWorld(), ProviderStandIn.start()]);
});
afterEach(() => Promise.all([world.close(), provider.close()]));

const failing = (
  status: number,
  type = 'some_error',
  headers: Record<string, string> = {},
): LitellmBehaviour => ({
  kind: 'error',
  status,
  body: {
    error: { message: 'litellm.APIError: the provider said no', type, param: null, code: String(status) },
  },
  headers,
});
const send = (model = 'demo', more: object = {}, headers: Record<string, string> = {}): Promise<Response> =>
  world.client.post('/v1/chat/completions', { model, messages, ...more }, headers);
const tags = ({ headers }: Response): Record<string, string> =>
  Object.fromEntries(
    [...headers].flatMap(([name, value]) =>
      name.startsWith('x-signalbox-') ? [[name.slice('x-signalbox-'.length), value]] : [],
    ),
  );
async function ready(policy: object = {}, ...models: Parameters<FailoverWorld['release']>): Promise<void> {
  await world.setPolicy(policy);
  await world.release(...(models.length > 0 ? models : [aModel('demo', ['dep_1', 'dep_2', 'dep_3'])]));
  await world.settled();
}

describe('the first choice', () => {
  it('is tagged with what answered, and with nothing about a fallback', async () => {
    await ready();
    const response = await send();
    expect(tags(response)).toEqual({
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
    await ready();
    world.behave({ dep_1: behaviour });
    const response = await send('demo', { stream: true });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('[DONE]');
    expect(tags(response)).toMatchObject({
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
    await ready({ first_byte_timeout_ms: 1_000 });
    world.behave({ dep_1: { kind: 'hang' } });
    const response = await send('demo', { stream: true });
    expect(tags(response)).toMatchObject({ attempts: '2', fallback: 'first_byte_timeout' });
    expect(await response.text()).toContain('[DONE]');
    expect(world.app.litellm.posts()[0]?.isAborted).toBe(true);
  });
});

describe('what does not', () => {
  it.each([400, 413, 422])("the client's own %s: it is shown as the upstream said it", async (status) => {
    await ready({ cascades: { '*': ['other'] } });
    world.behave({ dep_1: failing(status, 'invalid_request_error') });
    const response = await send();
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([status, 'false']);
    expect(tags(response)).toMatchObject({ attempts: '1', route: 'litellm' });
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
    await ready();
    world.behave({ dep_1: { kind: 'cut', afterEvents: 3, how: 'reset' } });
    const text = await (await send('demo', { stream: true })).text();
    expect(text).toContain('stream_interrupted');
    expect(text).not.toContain('[DONE]');
    expect(world.called()).toEqual(['dep_1']);
    const event = await waitUntil(() => world.events.at(-1), { deadlineMs: 2_000, what: 'the event' });
    expect(event).toMatchObject({ status_code: 200, complete: false, client_gone: false });
    expect(event.error_code).not.toBeNull();
  });
});

describe('a cascade', () => {
  const models = [
    aModel('demo'),
    aModel('small'),
    aModel('foreign', ['dep_foreign'], { openrouter_id: 'anthropic/foreign' }),
  ];
  const cascades = { demo: ['foreign', 'small'] };

  it('leads to other models of the same vendor, and the answer says which', async () => {
    await ready({ cascades }, ...models);
    world.behave({ dep_demo: failing(500) });
    const response = await send();
    expect(tags(response)).toMatchObject({ model: 'small', attempts: '2', fallback: 'provider_error' });
    expect(tags(response)).not.toHaveProperty('cross-vendor');
    expect(await response.json()).toMatchObject({ model: 'small' });
    expect(world.app.litellm.posts().map(({ context }) => context.mdl)).toEqual(['demo', 'small']);
  });

  it('crosses vendors with permission, tagged', async () => {
    await ready({ cascades, cross_vendor: true }, ...models);
    world.behave({ dep_demo: failing(500) });
    const response = await send();
    expect(tags(response)).toMatchObject({ model: 'foreign', 'cross-vendor': 'true' });
    expect(await world.eventOf(response.headers.get('x-request-id'))).toMatchObject({
      cross_vendor: true,
      model_requested: 'demo',
      model_used: 'foreign',
    });
  });

  it('never widens what the key may use', async () => {
    await ready({ cascades }, ...models);
    world.behave({ dep_demo: failing(500) });
    const { value } = await world.app.createKey({ models: ['demo'] });
    await world.settled();
    const response = await new EdgeClient(world.app.url, value).post('/v1/chat/completions', {
      model: 'demo',
      messages,
    });
    expect(response.status).toBe(500);
    expect(world.called()).toEqual(['dep_demo']);
  });

  it("what a stand-in finds wrong with the request is not the client's mistake", async () => {
    await ready({ cascades }, ...models);
    world.behave({ dep_demo: failing(500), dep_small: failing(400, 'invalid_request_error') });
    const response = await send();
    expect([response.status, (await errorOf(response)).code]).toEqual([503, 'all_providers_unavailable']);
  });

  it('is tried where nobody can pay for the model that was asked for', async () => {
    const unpaid = aModel('demo');
    unpaid.deployments[0]!.provider_id = 'prov_unpaid';
    await ready({ cascades }, unpaid, ...models.slice(1));
    expect(tags(await send())).toMatchObject({
      model: 'small',
      attempts: '1',
      fallback: 'credential_refused',
    });
  });
});

describe('keys that fail', () => {
  const credential = (id: string) => ({ id, provider_id: 'prov_1', state: 'verified', expires_at: null });
  const own = (...ids: string[]) =>
    world.app.projection.write('credentials', 'ws_1', {
      owner_key: 'ws_1',
      credentials: ids.map(credential),
    });
  const refuse = (behaviour: LitellmBehaviour, ...ids: string[]): void => {
    world.app.litellm.behaviourOf = ({ context: { cred } }) => (ids.includes(cred ?? '') ? behaviour : null);
  };
  const paid = (): (string | null)[] => world.app.litellm.posts().map(({ context }) => context.cred);
  const refused = failing(401, 'authentication_error');

  it('are followed by the next key of the house, at the same deployment', async () => {
    await own('own_1', 'own_2');
    await ready({}, aModel('demo'));
    refuse(refused, 'own_1');
    const response = await send();
    expect(tags(response)).toMatchObject({ attempts: '2', 'credential-owner': 'workspace' });
    expect(paid()).toEqual(['own_1', 'own_2']);
  });

  it.each([
    [false, 502, ['own_1']],
    [true, 200, ['own_1', 'cred_1']],
  ])("the platform's steps in only if asked to (%s)", async (platform_fallback, status, expected) => {
    await own('own_1');
    await ready({}, aModel('demo'));
    await world.setPolicy({}, { platform_fallback });
    await world.settled();
    refuse(refused, 'own_1');
    expect((await send()).status).toBe(status);
    expect(paid()).toEqual(expected);
  });

  it("the platform's does not step in for one that is only busy", async () => {
    await own('own_1');
    await ready({}, aModel('demo'));
    await world.setPolicy({}, { platform_fallback: true });
    await world.settled();
    refuse(failing(429, 'throttling_error'), 'own_1');
    expect((await send()).status).toBe(429);
    expect(paid()).toEqual(['own_1']);
  });

  it('go on being passed over once their breaker is open', async () => {
    await own('own_1', 'own_2');
    await ready({}, aModel('demo'));
    refuse(refused, 'own_1');
    for (let round = 0; round < 12; round += 1) expect((await send()).status).toBe(200);
    expect(paid().slice(-2)).toEqual(['own_2', 'own_2']);
  });
});

describe('an alias', () => {
  it('stands for a model, whose own name the answer says', async () => {
    await ready({ aliases: { fast: 'demo' } });
    const { value } = await world.app.createKey({ models: ['demo'] });
    await world.settled();
    const response = await new EdgeClient(world.app.url, value).post('/v1/chat/completions', {
      model: 'fast',
      messages,
    });
    expect(tags(response)).toMatchObject({ model: 'demo', attempts: '1' });
    expect(await response.json()).toMatchObject({ model: 'demo' });
    expect(world.app.litellm.posts()[0]?.context.mdl).toBe('demo');
    expect(await world.eventOf(response.headers.get('x-request-id'))).toMatchObject({
      model_requested: 'fast',
    });
  });

  it('gives no way to a model that the key may not use', async () => {
    await ready({ aliases: { fast: 'demo' } });
    const { value } = await world.app.createKey({ models: ['fast'] });
    await world.settled();
    const response = await new EdgeClient(world.app.url, value).post('/v1/chat/completions', {
      model: 'fast',
      messages,
    });
    expect([response.status, (await errorOf(response)).code]).toEqual([403, 'model_not_allowed']);
  });
});

describe('limits', () => {
  it('of attempts, over all ways together', async () => {
    await ready({ attempt_limit: 2 });
    world.behave({ dep_1: failing(500), dep_2: failing(500), dep_3: failing(500) });
    const response = await send();
    expect([response.status, tags(response)['attempts']]).toEqual([500, '2']);
    expect(world.called()).toEqual(['dep_1', 'dep_2']);
  });

  it("of time: the client's own patience counts", async () => {
    await ready();
    world.behave({ dep_1: { kind: 'hang' }, dep_2: { kind: 'hang' }, dep_3: { kind: 'hang' } });
    const startMs = performance.now();
    const response = await send('demo', { stream: true }, { 'x-stainless-timeout': '1' });
    expect(performance.now() - startMs).toBeLessThan(1_000);
    expect([response.status, (await errorOf(response)).code]).toEqual([504, 'provider_timeout']);
    expect(response.headers.get('x-should-retry')).toBe('false');
  });
});

describe('when nobody answers', () => {
  it('one kind of error is shown as it is, and is final', async () => {
    await ready();
    const slow = failing(429, 'throttling_error', { 'llm_provider-retry-after': '7' });
    world.behave({ dep_1: slow, dep_2: slow, dep_3: slow });
    const response = await send();
    expect([
      response.status,
      response.headers.get('retry-after'),
      response.headers.get('x-should-retry'),
    ]).toEqual([429, '7', 'false']);
    expect(tags(response)).toMatchObject({ attempts: '3', route: 'litellm', model: 'demo' });
  });

  it('several kinds say together that nobody could, and when to come back', async () => {
    await ready();
    const slow = (seconds: string) =>
      failing(429, 'throttling_error', { 'llm_provider-retry-after': seconds });
    world.behave({ dep_1: slow('20'), dep_2: slow('9'), dep_3: failing(500) });
    const response = await send();
    expect([
      response.status,
      response.headers.get('retry-after'),
      response.headers.get('x-should-retry'),
    ]).toEqual([503, '9', 'false']);
    expect((await errorOf(response)).code).toBe('all_providers_unavailable');
  });

  it('the SDKs do not repeat what all candidates have refused', async () => {
    await ready({}, aModel('demo'));
    world.behave({ dep_demo: failing(500) });
    const patient = new EdgeClient(world.app.url, world.key.value, 2);
    await expect(patient.openai.chat.completions.create({ model: 'demo', messages })).rejects.toMatchObject({
      status: 500,
    });
    expect(world.called()).toHaveLength(1);
  });

  it('speaks the dialect of the caller', async () => {
    await ready();
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
      await ready();
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

describe('hedging', () => {
  it('is off by default', async () => {
    await ready();
    world.behave({ dep_1: { kind: 'slow', everyMs: 20 } });
    expect(tags(await send('demo', { stream: true }))).toMatchObject({ attempts: '1' });
  });

  it('starts the next candidate beside a slow one; the first good answer wins, the other is ended', async () => {
    await ready({ hedge_after_ms: 150 });
    world.behave({ dep_1: { kind: 'hang' } });
    const response = await send('demo', { stream: true });
    expect(tags(response)).toMatchObject({ attempts: '2', fallback: 'hedged' });
    expect(await response.text()).toContain('[DONE]');
    await waitUntil(() => world.app.litellm.posts()[0]?.isAborted, { deadlineMs: 1_000, what: 'the abort' });
    const event = await world.eventOf(response.headers.get('x-request-id'));
    expect(event.attempts.map(({ failure }) => failure).sort()).toEqual(['abandoned', null]);
    expect(event.deployment_id).toBe('dep_2');
  });

  it('does not happen when the first one is quick enough', async () => {
    await ready({ hedge_after_ms: 5_000 });
    expect(tags(await send())).toMatchObject({ attempts: '1' });
    expect(world.called()).toEqual(['dep_1']);
  });

  it('a failed hedge leaves the first one running; failed both, the next one follows', async () => {
    await ready({ hedge_after_ms: 100, first_byte_timeout_ms: 1_000 });
    world.behave({ dep_1: { kind: 'hang' }, dep_2: failing(500) });
    const response = await send('demo', { stream: true });
    expect(tags(response)).toMatchObject({ attempts: '3', fallback: 'provider_error' });
    expect(world.called()).toEqual(['dep_1', 'dep_2', 'dep_3']);
    expect(await response.text()).toContain('[DONE]');
  });

  it('counts against the limit of attempts', async () => {
    await ready({ hedge_after_ms: 100, attempt_limit: 1, first_byte_timeout_ms: 1_000 });
    world.behave({ dep_1: { kind: 'hang' } });
    const response = await send('demo', { stream: true });
    expect([response.status, tags(response)['attempts']]).toEqual([504, '1']);
  });
});

describe('around LiteLLM', () => {
  const killLitellm = async (): Promise<void> => {
    await world.app.litellm.kill();
    world.app.runner.activate(null);
  };

  it('that is down: the same model another way, tagged, under its public name', async () => {
    await ready();
    world.fallback.ways = () => [{ baseUrl: provider.baseUrl }];
    await killLitellm();
    const response = await send('demo', { stream: true });
    expect(tags(response)).toEqual({
      attempts: '1',
      route: 'openrouter',
      model: 'demo',
      provider: 'openrouter',
      'credential-owner': 'platform',
      fallback: 'litellm_down',
    });
    expect(await response.text()).toContain('[DONE]');
    expect(provider.calls()[0]?.model).toBe('vendor/demo');
    expect(await world.eventOf(response.headers.get('x-request-id'))).toMatchObject({
      route: 'openrouter',
      fallback_reason: 'litellm_down',
      provider_id: 'prov_openrouter',
      model_used: 'demo',
      complete: true,
      usage_source: 'provider',
    });
  });

  it('that dies with the call in its hands: the call goes another way', async () => {
    await ready();
    world.fallback.ways = () => [{ baseUrl: provider.baseUrl }];
    world.app.litellm.behaviour = { kind: 'hang' };
    const answer = send();
    await waitUntil(() => world.called().length === 1, { deadlineMs: 2_000, what: 'the call' });
    await killLitellm();
    expect(tags(await answer)).toMatchObject({
      attempts: '2',
      route: 'openrouter',
      fallback: 'litellm_down',
    });
  });

  it('that dies under many clients: each of them is answered', async () => {
    await ready();
    world.fallback.ways = () => [{ baseUrl: provider.baseUrl }];
    world.app.litellm.behaviour = { kind: 'slow', everyMs: 10 };
    const results: (string | null)[] = [];
    const state = { isOver: false };
    const caller = async (isStreamed: boolean): Promise<void> => {
      while (!state.isOver) {
        const { status, problem } = await world.chat.send({
          key: world.key.value,
          model: 'demo',
          isStreamed,
        });
        // A stream that had begun when LiteLLM died ends with an error event.
        if (problem !== null && !(isStreamed && status === 200 && problem.startsWith('an error event')))
          results.push(`${status} ${problem}`);
        else results.push(null);
      }
    };
    const callers = Array.from({ length: 20 }, (_, index) => caller(index % 2 === 0));
    await waitUntil(() => results.length > 40, { deadlineMs: 10_000, what: 'traffic' });
    await killLitellm();
    const seen = results.length;
    await waitUntil(() => results.length > seen + 100, { deadlineMs: 10_000, what: 'traffic around' });
    state.isOver = true;
    await Promise.all(callers);
    expect(results.filter((result) => result !== null)).toEqual([]);
  });

  it.each([
    ['our own signature is refused', 401, 'signalbox_context_error'],
    ['the hook cannot fetch a key', 503, 'signalbox_credential_unavailable'],
  ])('that fails by our fault (%s)', async (_name, status, type) => {
    await ready();
    world.fallback.ways = () => [{ baseUrl: provider.baseUrl }];
    world.app.litellm.behaviour = failing(status, type);
    const response = await send();
    expect(tags(response)).toMatchObject({ route: 'openrouter', fallback: 'litellm_error' });
    expect(response.status).toBe(200);
  });

  it('each further model goes around at once', async () => {
    await ready({ cascades: { demo: ['small'] } }, aModel('demo', ['dep_1', 'dep_2']), aModel('small'));
    provider.misbehave({ kind: 'error', status: 500 }, { when: ({ model }) => model === 'vendor/demo' });
    world.fallback.ways = () => [{ baseUrl: provider.baseUrl }];
    await killLitellm();
    expect(tags(await send())).toMatchObject({ model: 'small', attempts: '2', route: 'openrouter' });
    expect(world.fallback.asked).toEqual(['demo', 'small']);
  });

  it('a way without a usable key is passed over', async () => {
    await ready();
    world.fallback.ways = () => [
      { baseUrl: 'http://127.0.0.1:1/v1', hasNoKey: true },
      { baseUrl: provider.baseUrl, via: 'direct', credential: { id: 'cred_own', owner: 'workspace' } },
    ];
    await killLitellm();
    expect(tags(await send())).toMatchObject({
      attempts: '1',
      route: 'direct',
      'credential-owner': 'workspace',
    });
  });

  it.each([401, 402, 403])(
    'our own trouble with OpenRouter (%s) is not shown, but logged',
    async (status) => {
      await ready();
      provider.misbehave({ kind: 'error', status });
      world.fallback.ways = () => [{ baseUrl: provider.baseUrl }];
      await killLitellm();
      const response = await send();
      expect([response.status, (await errorOf(response)).code]).toEqual([503, 'litellm_unavailable']);
      expect(response.headers.get('x-should-retry')).toBeNull();
      const alarms = world.app.logs.filter(
        ({ level, message }) => level === 'error' && /OpenRouter/.test(String(message)),
      );
      expect(alarms).toMatchObject([{ request_id: response.headers.get('x-request-id'), status }]);
    },
  );

  it("OpenRouter's other errors are shown", async () => {
    await ready();
    provider.misbehave({ kind: 'error', status: 503 });
    world.fallback.ways = () => [{ baseUrl: provider.baseUrl }];
    await killLitellm();
    const response = await send();
    expect(tags(response)).toMatchObject({ route: 'openrouter', attempts: '1' });
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([503, 'false']);
  });

  it('nowhere to go: what cannot go another way says so', async () => {
    await ready();
    await killLitellm();
    const chat = await send();
    expect([chat.status, (await errorOf(chat)).code]).toEqual([503, 'litellm_unavailable']);
    const rerank = await world.client.post('/v1/rerank', { model: 'demo', query: 'x', documents: ['y'] });
    expect([rerank.status, (await errorOf(rerank)).code]).toEqual([503, 'route_needs_litellm']);
  });
});
