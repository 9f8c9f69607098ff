import { deploymentFacts, performanceFrom, performanceKey } from '@signalbox/gateway';
import { EdgeClient, messages } from '../../../../test/support/edge-client';
import {
  aModel,
  failing,
  type FailoverWorld,
  openFailoverWorld,
} from '../../../../test/support/failover-world';
import { waitUntil } from '../../../../test/support/wait-until';

const models = [aModel('first'), aModel('second')];
let world: FailoverWorld;

/** Two that are alike, but for the price. */
async function ready(): Promise<void> {
  const factsOf = (usd: number) => deploymentFacts.parse({ prices: { input: usd * 1e6, output: usd * 1e6 } });
  const deployments = { dep_first: factsOf(0.1), dep_second: factsOf(0.2) };
  await world.app.projection.write('facts', 'current', { deployments });
  await world.ready({ exploration: 0 }, ...models);
}

const documents = async (): Promise<string[]> =>
  world.app.projection.redis.hvals(performanceKey(world.app.projection.prefix));

async function modelAt(url: string): Promise<unknown> {
  const response = await new EdgeClient(url, world.key.value).post('/v1/chat/completions', {
    model: 'eco',
    messages,
  });
  return ((await response.json()) as { model?: string }).model;
}

const stream = async (): Promise<string> => (await world.send('eco', { stream: true })).text();

beforeEach(async () => {
  world = await openFailoverWorld();
  await ready();
});
afterEach(() => world.close());

it('what one edge has seen leads another one, too', async () => {
  const other = await world.app.startSecondEdge();
  await waitUntil(async () => (await modelAt(other.url)) === 'first', {
    deadlineMs: 5_000,
    what: 'the edge',
  });
  world.behave({ dep_first: failing(500) });
  for (let times = 0; times < 3; times += 1) await stream();
  await world.app.edge.exchangePerformance();
  await other.edge.exchangePerformance();
  world.behave({});
  // Its breaker is closed: three failures open none.
  expect(await modelAt(other.url)).toBe('second');
  const figures = performanceFrom(await documents(), Date.now());
  expect(figures.get('dep_first')?.errorRate).toBeGreaterThan(0.4);
  expect(figures.get('dep_second')).toMatchObject({ errorRate: 0 });
  expect(figures.get('dep_second')?.firstByteMs).toBeGreaterThanOrEqual(0);
});

it('nobody is blamed for a wrong key, for a wrong request, or for LiteLLM', async () => {
  for (const behaviour of [
    failing(401),
    failing(402),
    failing(429),
    failing(400),
    failing(404, 'not_found_error'),
  ]) {
    world.behave({ dep_first: behaviour });
    await stream();
  }
  await world.app.litellm.kill();
  await stream();
  await world.app.edge.exchangePerformance();
  const figures = performanceFrom(await documents(), Date.now());
  expect(figures.get('dep_first')?.errorRate ?? 0).toBe(0);
});

it("a server of a customer's own is measured for its calls alone", async () => {
  const { projection } = world.app;
  const own = {
    id: 'cred_own',
    provider_id: 'prov_1',
    state: 'verified',
    expires_at: null,
    own_address: true,
  };
  await projection.write('credentials', 'ws_1', { owner_key: 'ws_1', credentials: [own] });
  await world.settled();
  world.behave({ dep_first: failing(500) });
  for (let times = 0; times < 3; times += 1) await stream();
  await world.app.edge.exchangePerformance();
  world.behave({});
  const figures = performanceFrom(await documents(), Date.now());
  expect([...figures.keys()].sort()).toEqual(['dep_first/cred_own', 'dep_second/cred_own']);
  expect(figures.get('dep_first/cred_own')?.errorRate).toBeGreaterThan(0.4);
  expect(await modelAt(world.app.url)).toBe('second');
  // Whoever calls the provider itself goes where it goes well.
  await projection.write('credentials', 'ws_1', { owner_key: 'ws_1', credentials: [] });
  await world.settled();
  expect(await modelAt(world.app.url)).toBe('first');
});

it('a call whose answer breaks off counts once, as a failure', async () => {
  // With exploration off and one model the same one is called each time.
  world.behave({ dep_first: { kind: 'cut', afterEvents: 3, how: 'clean' } });
  await (await world.send('first', { stream: true })).text();
  await world.eventOf((await world.send('first', { stream: true })).headers.get('x-request-id'));
  const figures = async () => {
    await world.app.edge.exchangePerformance();
    return performanceFrom(await documents(), Date.now()).get('dep_first');
  };
  await waitUntil(async () => ((await figures())?.errorRate ?? 0) > 0.4, {
    deadlineMs: 5_000,
    what: 'the failures',
  });
  const { weight, errorRate } = (await figures())!;
  expect(weight).toBeCloseTo(2, 1);
  expect(errorRate).toBeCloseTo(0.5, 1);
});

it('the time to the first token is none to an event that says nothing yet', async () => {
  world.behave({ dep_first: { kind: 'slow', everyMs: 700 } });
  const response = await world.send('first', { stream: true, max_tokens: 1 });
  await response.text();
  await world.eventOf(response.headers.get('x-request-id'));
  await world.app.edge.exchangePerformance();
  const figures = performanceFrom(await documents(), Date.now()).get('dep_first');
  expect(figures?.firstByteMs).toBeGreaterThanOrEqual(690);
  expect(figures?.weight).toBeCloseTo(1, 1);
});

it('an answer in one piece says nothing of the time to the first token', async () => {
  await world.send('eco');
  await world.app.edge.exchangePerformance();
  expect(performanceFrom(await documents(), Date.now()).get('dep_first')).toMatchObject({
    firstByteMs: null,
  });
});

it('while Redis is away each edge goes by what it has seen, and tells it afterwards', async () => {
  world.behave({ dep_first: failing(500) });
  world.app.redisProxy.sever();
  for (let times = 0; times < 3; times += 1) await stream();
  await world.app.edge.exchangePerformance();
  world.behave({});
  expect(await modelAt(world.app.url)).toBe('second');
  expect(await documents()).toEqual([]);
  world.app.redisProxy.restore();
  const told = async (): Promise<boolean> => {
    await world.app.edge.exchangePerformance();
    return (await documents()).length === 1;
  };
  await waitUntil(told, { deadlineMs: 5_000, what: 'what was seen meanwhile' });
});

it('what is old, or cannot be read, is left out and taken away', async () => {
  const { redis, prefix } = world.app.projection;
  const old = JSON.stringify({
    v: 1,
    at_ms: Date.now() - 301_000,
    deployments: { dep_first: [9, 9_000, 9] },
  });
  await redis.hset(performanceKey(prefix), { 'edge-old': old, 'edge-odd': '{' });
  await world.app.edge.exchangePerformance();
  expect(await documents()).toEqual([]);
  expect(await modelAt(world.app.url)).toBe('first');
});
