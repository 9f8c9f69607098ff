import { EdgeClient, errorOf, messages } from '../../../../test/support/edge-client';
import {
  aModel,
  failing,
  type FailoverWorld,
  openFailoverWorld,
  tagsOf,
} from '../../../../test/support/failover-world';
import type { LitellmBehaviour } from '../../../../test/stand-ins/litellm.stand-in';

let world: FailoverWorld;

beforeEach(async () => {
  world = await openFailoverWorld();
});
afterEach(() => world.close());

describe('a cascade', () => {
  const models = [
    aModel('demo'),
    aModel('small'),
    aModel('foreign', ['dep_foreign'], { openrouter_id: 'anthropic/foreign' }),
  ];
  const cascades = { demo: ['foreign', 'small'] };

  it('leads to other models of the same vendor, and the answer says which', async () => {
    await world.ready({ cascades }, ...models);
    world.behave({ dep_demo: failing(500) });
    const response = await world.send();
    expect(tagsOf(response)).toMatchObject({ model: 'small', attempts: '2', fallback: 'provider_error' });
    expect(tagsOf(response)).not.toHaveProperty('cross-vendor');
    expect(await response.json()).toMatchObject({ model: 'small' });
    expect(world.app.litellm.posts().map(({ context }) => context.mdl)).toEqual(['demo', 'small']);
  });

  it('crosses vendors with permission, tagged', async () => {
    await world.ready({ cascades, cross_vendor: true }, ...models);
    world.behave({ dep_demo: failing(500) });
    const response = await world.send();
    expect(tagsOf(response)).toMatchObject({ model: 'foreign', 'cross-vendor': 'true' });
    expect(await world.eventOf(response.headers.get('x-request-id'))).toMatchObject({
      cross_vendor: true,
      model_requested: 'demo',
      model_used: 'foreign',
    });
  });

  it('never widens what the key may use', async () => {
    await world.ready({ cascades }, ...models);
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
    await world.ready({ cascades }, ...models);
    world.behave({ dep_demo: failing(500), dep_small: failing(400, 'invalid_request_error') });
    const response = await world.send();
    expect([response.status, (await errorOf(response)).code]).toEqual([503, 'all_providers_unavailable']);
  });

  it('is tried where nobody can pay for the model that was asked for', async () => {
    const unpaid = aModel('demo');
    unpaid.deployments[0]!.provider_id = 'prov_unpaid';
    await world.ready({ cascades }, unpaid, ...models.slice(1));
    expect(tagsOf(await world.send())).toMatchObject({
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
    await world.ready({}, aModel('demo'));
    refuse(refused, 'own_1');
    const response = await world.send();
    expect(tagsOf(response)).toMatchObject({ attempts: '2', 'credential-owner': 'workspace' });
    expect(paid()).toEqual(['own_1', 'own_2']);
  });

  it.each([
    [false, 502, ['own_1']],
    [true, 200, ['own_1', 'cred_1']],
  ])("the platform's steps in only if asked to (%s)", async (platform_fallback, status, expected) => {
    await own('own_1');
    await world.ready({}, aModel('demo'));
    await world.setPolicy({}, { platform_fallback });
    await world.settled();
    refuse(refused, 'own_1');
    expect((await world.send()).status).toBe(status);
    expect(paid()).toEqual(expected);
  });

  it("the platform's does not step in for one that is only busy", async () => {
    await own('own_1');
    await world.ready({}, aModel('demo'));
    await world.setPolicy({}, { platform_fallback: true });
    await world.settled();
    refuse(failing(429, 'throttling_error'), 'own_1');
    expect((await world.send()).status).toBe(429);
    expect(paid()).toEqual(['own_1']);
  });

  it('go on being passed over once their breaker is open', async () => {
    await own('own_1', 'own_2');
    await world.ready({}, aModel('demo'));
    refuse(refused, 'own_1');
    for (let round = 0; round < 12; round += 1) expect((await world.send()).status).toBe(200);
    expect(paid().slice(-2)).toEqual(['own_2', 'own_2']);
  });
});

describe('an alias', () => {
  it('stands for a model, whose own name the answer says', async () => {
    await world.ready({ aliases: { fast: 'demo' } });
    const { value } = await world.app.createKey({ models: ['demo'] });
    await world.settled();
    const response = await new EdgeClient(world.app.url, value).post('/v1/chat/completions', {
      model: 'fast',
      messages,
    });
    expect(tagsOf(response)).toMatchObject({ model: 'demo', attempts: '1' });
    expect(await response.json()).toMatchObject({ model: 'demo' });
    expect(world.app.litellm.posts()[0]?.context.mdl).toBe('demo');
    expect(await world.eventOf(response.headers.get('x-request-id'))).toMatchObject({
      model_requested: 'fast',
    });
  });

  it('gives no way to a model that the key may not use', async () => {
    await world.ready({ aliases: { fast: 'demo' } });
    const { value } = await world.app.createKey({ models: ['fast'] });
    await world.settled();
    const response = await new EdgeClient(world.app.url, value).post('/v1/chat/completions', {
      model: 'fast',
      messages,
    });
    expect([response.status, (await errorOf(response)).code]).toEqual([403, 'model_not_allowed']);
  });
});
