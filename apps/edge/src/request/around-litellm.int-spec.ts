import { errorOf } from '../../../../test/support/edge-client';
import {
  aModel,
  failing,
  type FailoverWorld,
  openFailoverWorld,
  tagsOf,
} from '../../../../test/support/failover-world';
import { waitUntil } from '../../../../test/support/wait-until';
import { ProviderStandIn } from '../../../../test/stand-ins/provider.stand-in';

let world: FailoverWorld;
let provider: ProviderStandIn;

beforeEach(async () => {
  [world, provider] = await Promise.all([openFailoverWorld(), ProviderStandIn.start()]);
});
afterEach(() => Promise.all([world.close(), provider.close()]));

describe('around LiteLLM', () => {
  const killLitellm = async (): Promise<void> => {
    await world.app.litellm.kill();
    world.app.runner.activate(null);
  };

  it('that is down: the same model another way, tagged, under its public name', async () => {
    await world.ready();
    world.fallback.ways = () => [{ baseUrl: provider.baseUrl }];
    await killLitellm();
    const response = await world.send('demo', { stream: true });
    expect(tagsOf(response)).toEqual({
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
    await world.ready();
    world.fallback.ways = () => [{ baseUrl: provider.baseUrl }];
    world.app.litellm.behaviour = { kind: 'hang' };
    const answer = world.send();
    await waitUntil(() => world.called().length === 1, { deadlineMs: 2_000, what: 'the call' });
    await killLitellm();
    expect(tagsOf(await answer)).toMatchObject({
      attempts: '2',
      route: 'openrouter',
      fallback: 'litellm_down',
    });
  });

  it('that dies under many clients: each of them is answered', async () => {
    await world.ready();
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
    await world.ready();
    world.fallback.ways = () => [{ baseUrl: provider.baseUrl }];
    world.app.litellm.behaviour = failing(status, type);
    const response = await world.send();
    expect(tagsOf(response)).toMatchObject({ route: 'openrouter', fallback: 'litellm_error' });
    expect(response.status).toBe(200);
  });

  it('each further model goes around at once', async () => {
    await world.ready({ cascades: { demo: ['small'] } }, aModel('demo', ['dep_1', 'dep_2']), aModel('small'));
    provider.misbehave({ kind: 'error', status: 500 }, { when: ({ model }) => model === 'vendor/demo' });
    world.fallback.ways = () => [{ baseUrl: provider.baseUrl }];
    await killLitellm();
    expect(tagsOf(await world.send())).toMatchObject({ model: 'small', attempts: '2', route: 'openrouter' });
    expect(world.fallback.asked).toEqual(['demo', 'small']);
  });

  it('a way without a usable key is passed over', async () => {
    await world.ready();
    world.fallback.ways = () => [
      { baseUrl: 'http://127.0.0.1:1/v1', hasNoKey: true },
      { baseUrl: provider.baseUrl, via: 'direct', credential: { id: 'cred_own', owner: 'workspace' } },
    ];
    await killLitellm();
    expect(tagsOf(await world.send())).toMatchObject({
      attempts: '1',
      route: 'direct',
      'credential-owner': 'workspace',
    });
  });

  it.each([401, 402, 403])(
    'our own trouble with OpenRouter (%s) is not shown, but logged',
    async (status) => {
      await world.ready();
      provider.misbehave({ kind: 'error', status });
      world.fallback.ways = () => [{ baseUrl: provider.baseUrl }];
      await killLitellm();
      const response = await world.send();
      expect([response.status, (await errorOf(response)).code]).toEqual([503, 'litellm_unavailable']);
      expect(response.headers.get('x-should-retry')).toBeNull();
      const alarms = world.app.logs.filter(
        ({ level, message }) => level === 'error' && /OpenRouter/.test(String(message)),
      );
      expect(alarms).toMatchObject([{ request_id: response.headers.get('x-request-id'), status }]);
    },
  );

  it("OpenRouter's other errors are shown", async () => {
    await world.ready();
    provider.misbehave({ kind: 'error', status: 503 });
    world.fallback.ways = () => [{ baseUrl: provider.baseUrl }];
    await killLitellm();
    const response = await world.send();
    expect(tagsOf(response)).toMatchObject({ route: 'openrouter', attempts: '1' });
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([503, 'false']);
  });

  it('nowhere to go: what cannot go another way says so', async () => {
    await world.ready();
    await killLitellm();
    const chat = await world.send();
    expect([chat.status, (await errorOf(chat)).code]).toEqual([503, 'litellm_unavailable']);
    const rerank = await world.client.post('/v1/rerank', { model: 'demo', query: 'x', documents: ['y'] });
    expect([rerank.status, (await errorOf(rerank)).code]).toEqual([503, 'route_needs_litellm']);
  });
});
