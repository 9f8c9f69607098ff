import {
  decodeDecision,
  deploymentFacts,
  rankCandidates,
  routingPolicy,
  scoringRulesOf,
} from '@signalbox/gateway';
import { EdgeClient, errorOf, messages } from '../../../../test/support/edge-client';
import {
  aModel,
  failing,
  type FailoverWorld,
  openFailoverWorld,
  tagsOf,
} from '../../../../test/support/failover-world';

/** US dollars per million tokens, and quality. */
const known = { small: [0.1, 0.3], large: [0.9, 0.9], dear: [40, 1] } as const;
const models = [
  aModel('small'),
  aModel('large', ['dep_large'], { openrouter_id: 'anthropic/large' }),
  aModel('dear', ['dep_dear'], { openrouter_id: 'anthropic/dear' }),
  aModel('vectors', ['dep_vectors'], { mode: 'embedding' }),
];

let world: FailoverWorld;
let draw: number;

async function ready(policy: object = {}): Promise<void> {
  const deployments = Object.fromEntries(
    Object.entries(known).map(([name, [usd, quality]]) => {
      const prices = { input: usd * 1_000_000, output: usd * 1_000_000 };
      return [`dep_${name}`, deploymentFacts.parse({ prices, quality, prior_first_byte_ms: 500 })];
    }),
  );
  await world.app.projection.write('facts', 'current', { deployments });
  await world.ready(policy, ...models);
}

async function clientWith(allowed: string[]): Promise<EdgeClient> {
  const { value } = await world.app.createKey({ models: allowed });
  await world.settled();
  return new EdgeClient(world.app.url, value);
}

beforeEach(async () => {
  draw = 0.5;
  world = await openFailoverWorld({ random: () => draw });
});
afterEach(() => world.close());

describe('a power level', () => {
  it.each([
    ['eco', 'small', 'eco'],
    ['precision', 'dear', 'precision'],
    ['smart', 'dear', 'precision'],
    ['cheap', 'small', 'eco'],
    ['auto', 'large', 'balanced'],
  ])('%s goes to %s, by %s', async (asked, model, level) => {
    await ready();
    const response = await world.send(asked);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ model });
    expect(tagsOf(response)).toMatchObject({ model, 'power-level': level, attempts: '1' });
    expect(tagsOf(response)).not.toHaveProperty('fallback');
  });

  it('goes to the next candidate when one fails, of another vendor too, and says so', async () => {
    await ready();
    world.behave({ dep_small: failing(500) });
    const response = await world.send('eco', { stream: true });
    expect(await response.text()).toContain('[DONE]');
    expect(tagsOf(response)).toMatchObject({
      model: 'large',
      attempts: '2',
      fallback: 'provider_error',
      'power-level': 'eco',
      'cross-vendor': 'true',
    });
    expect(world.called()).toEqual(['dep_small', 'dep_large']);
  });

  it('goes to another model when the first one takes no prompt of that length: nobody named that one', async () => {
    await ready();
    const error = { message: 'litellm.ContextWindowExceededError: x', type: 'invalid_request_error' };
    const tooLong = { kind: 'error', status: 400, body: { error: { ...error, code: '400' } } } as const;
    world.behave({ dep_small: tooLong });
    const response = await world.send('eco');
    expect([response.status, tagsOf(response)]).toMatchObject([
      200,
      { model: 'large', attempts: '2', fallback: 'context_length' },
    ]);
    const named = await world.send('small');
    expect([named.status, tagsOf(named)['attempts']]).toEqual([400, '1']);
    // The first choice's words, where all of them say so.
    world.behave({ dep_small: tooLong, dep_large: tooLong });
    const all = await world.send('eco');
    expect([all.status, all.headers.get('x-should-retry'), tagsOf(all)['model']]).toEqual([
      400,
      'false',
      'small',
    ]);
    // A bad parameter is bad for whoever gets it.
    world.behave({ dep_small: failing(400, 'invalid_request_error') });
    const wrong = await world.send('eco');
    expect([wrong.status, tagsOf(wrong)['attempts']]).toEqual([400, '1']);
  });

  it('never goes beyond its ceiling: then its cascade, and only then an error', async () => {
    await ready();
    world.behave({ dep_small: failing(500), dep_large: failing(500) });
    expect((await world.send('eco')).status).toBe(500);
    expect(world.called()).toEqual(['dep_small', 'dep_large']);
    await world.setPolicy({ cascades: { eco: ['dear'] } });
    await world.settled();
    expect(tagsOf(await world.send('eco'))).toMatchObject({ model: 'dear', attempts: '3' });
  });

  it('never goes beyond it for a long prompt either: what long prompts cost counts', async () => {
    await ready();
    // $0.90 and $1.10 per million for the prompt: the ceiling of eco, $1 for a million, lies between them.
    const price = (input: number, long: number) => ({
      prices: { input, output: 0, long_prompt: [{ above_prompt_tokens: 200_000, input: long }] },
    });
    const deployments = {
      dep_small: deploymentFacts.parse(price(100_000, 1_100_000)),
      dep_large: deploymentFacts.parse(price(900_000, 900_000)),
    };
    await world.app.projection.write('facts', 'current', { deployments });
    await world.settled();
    const prompt = (tokens: number) => [{ role: 'user', content: 'word'.repeat(tokens) }];
    expect(tagsOf(await world.send('eco', { messages: prompt(150_000) }))).toMatchObject({ model: 'small' });
    const response = await world.send('eco', { messages: prompt(250_000) });
    expect(tagsOf(response)).toMatchObject({ model: 'large' });
    const { decision } = await world.eventOf(response.headers.get('x-request-id'));
    expect(decision).toMatchObject({ dropped: { price_ceiling: 1 } });
  });

  it('is held to the lists, and forbidden where they allow none of its models', async () => {
    await ready();
    const some = await clientWith(['large', 'dear']);
    const answer = await some.post('/v1/chat/completions', { model: 'eco', messages });
    expect(await answer.json()).toMatchObject({ model: 'large' });
    const named = await clientWith(['eco']);
    expect((await named.post('/v1/chat/completions', { model: 'eco', messages })).status).toBe(200);
    expect((await named.post('/v1/chat/completions', { model: 'small', messages })).status).toBe(403);
    const none = await clientWith(['vectors']);
    const refused = await none.post('/v1/chat/completions', { model: 'eco', messages });
    expect(refused.status).toBe(403);
    expect(await errorOf(refused)).toMatchObject({ code: 'model_not_allowed', param: 'model' });
  });

  it('says which rule leaves nobody, in the dialect of the caller', async () => {
    await ready({ regions: ['eu'] });
    const refused = await world.send('eco');
    expect([refused.status, refused.headers.get('x-should-retry')]).toEqual([403, 'false']);
    const { code, message } = await errorOf(refused);
    expect(code).toBe('no_candidate_left');
    expect(message).toContain('3 for region (');
    await expect(
      world.client.anthropic.messages.create({ model: 'eco', messages, max_tokens: 5 }),
    ).rejects.toMatchObject({ status: 403, type: 'permission_error' });
    // A model that is named is held to it too.
    expect((await world.send('small')).status).toBe(403);
    expect(world.called()).toEqual([]);
  });

  it('does not serve embeddings', async () => {
    await ready();
    const refused = await world.client.post('/v1/embeddings', { model: 'eco', input: 'a' });
    expect([refused.status, (await errorOf(refused)).code]).toEqual([400, 'power_level_not_served']);
  });

  it('leaves plain names as they were', async () => {
    await ready();
    const response = await world.send('dear');
    expect(tagsOf(response)).not.toHaveProperty('power-level');
    expect((await world.eventOf(response.headers.get('x-request-id'))).decision).toBeNull();
    expect((await world.send('nobody')).status).toBe(404);
  });
});

describe('the usage event', () => {
  it('has the level, the cost by the prices in force, and a decision that can be made again', async () => {
    await ready();
    const response = await world.send('precision', { max_tokens: 100 });
    const event = await world.eventOf(response.headers.get('x-request-id'));
    const { prompt_tokens: prompt, completion_tokens: answer } = event;
    expect(event).toMatchObject({
      model_requested: 'precision',
      model_used: 'dear',
      power_level: 'precision',
      prices: { input: 40_000_000, output: 40_000_000, cache_read: null },
      // 40,000,000 pico-dollars a token are 40,000 nano-dollars.
      cost_nano_usd: (prompt + answer) * 40_000,
    });
    const kept = decodeDecision(event.decision)!;
    expect(kept).toMatchObject({ asked: 'precision', kind: 'level', chosenDeploymentId: 'dep_dear' });
    expect(kept.input.draw).toBe(0.5);
    const rules = scoringRulesOf(routingPolicy.parse({}), { kind: 'level', level: 'precision' });
    const [first] = rankCandidates({ ...kept.input, rules }).ranked;
    expect(first?.candidate.deployment.id).toBe('dep_dear');
  });

  it('keeps what was decided of a request that nobody may take', async () => {
    await ready({ max_cost_per_1k_usd: '0.000001' });
    const response = await world.send('eco');
    const event = await world.eventOf(response.headers.get('x-request-id'));
    expect(event).toMatchObject({ error_code: 'no_candidate_left', power_level: 'eco', cost_nano_usd: null });
    expect(event.decision).toMatchObject({ chosen: -1, dropped: { price_ceiling: 3 } });
  });
});

describe('who goes first all the same', () => {
  it('is the least known one, by the draw', async () => {
    // By nothing but time, of which a try could find out anything.
    await ready({ exploration: 0.1, strategy: 'latency' });
    for (let times = 0; times < 3; times += 1) await (await world.send('eco', { stream: true })).text();
    await exchanged();
    draw = 0.05;
    const response = await world.send('eco');
    expect(await response.json()).toMatchObject({ model: 'large' });
    const { decision } = await world.eventOf(response.headers.get('x-request-id'));
    expect(decision).toMatchObject({ explored: true, draw: 0.05 });
  });

  it('is whoever the conversation is with', async () => {
    const two = [aModel('one'), aModel('two')];
    const facts = deploymentFacts.parse({ prices: { input: 100, output: 100 } });
    const deployments = { dep_one: facts, dep_two: facts };
    await world.app.projection.write('facts', 'current', { deployments });
    await world.ready({ session_affinity: 'session' }, ...two);
    const modelFor = async (more: object, headers = {}): Promise<unknown> =>
      ((await (await world.send('eco', more, headers)).json()) as { model: string }).model;
    const found = new Set<unknown>();
    for (let session = 0; session < 12; session += 1) {
      const metadata = { session_id: `session-${session}` };
      const model = await modelFor({ metadata });
      found.add(model);
      expect(await modelFor({ metadata })).toBe(model);
      expect(await modelFor({}, { 'x-session-id': `session-${session}` })).toBe(model);
      expect(await modelFor({ prompt_cache_key: `session-${session}` })).toBe(model);
    }
    expect([...found].sort()).toEqual(['one', 'two']);
    const event = world.events.at(-1)!;
    expect(JSON.stringify(event)).not.toContain('session-11');
  });
});

/** Until the next exchange of what was measured. */
async function exchanged(): Promise<void> {
  await world.app.edge.exchangePerformance();
}

it('GET /v1/models lists levels and groups where there is a model behind them', async () => {
  await ready({
    groups: { team: { models: ['dear'] }, empty: { models: ['gone'] } },
    aliases: { fast: 'eco' },
  });
  const ids = async (client: EdgeClient): Promise<string[]> =>
    (await client.openai.models.list()).data.map(({ id }) => id);
  const all = await ids(world.client);
  expect(all).toEqual(
    expect.arrayContaining([
      'small',
      'fast',
      'eco',
      'balanced',
      'precision',
      'smart',
      'cheap',
      'team',
      'auto',
    ]),
  );
  expect(all).not.toContain('empty');
  expect(await world.client.openai.models.retrieve('eco')).toMatchObject({
    id: 'eco',
    owned_by: 'signalbox',
  });
  expect(await ids(await clientWith(['vectors']))).toEqual(['vectors']);
  expect(await ids(await clientWith(['dear', 'team']))).toEqual(
    expect.arrayContaining(['dear', 'team', 'precision']),
  );
});
