import type { ServerResponse } from 'node:http';
import { breakerRules, deploymentFacts, type UsageEvent } from '@signalbox/gateway';
import {
  aModel,
  failing,
  type FailoverWorld,
  openFailoverWorld,
  tagsOf,
} from '../../../../test/support/failover-world';
import type { LitellmBehaviour, LitellmCall } from '../../../../test/stand-ins/litellm.stand-in';

/** Each the only one that its level can choose by price. */
const models = [aModel('small'), aModel('large'), aModel('judge')];
const unsure = [{ role: 'user', content: 'Compare these two proposals for me, please.' }];
const hard = [
  {
    role: 'user',
    content: 'Prove by a derivative that this race condition cannot deadlock. ```c\nint x;\n```',
  },
];

let world: FailoverWorld;

const priced = (usd: number) => deploymentFacts.parse({ prices: { input: usd * 1e6, output: usd * 1e6 } });

async function know(more: Record<string, object> = {}): Promise<void> {
  const deployments = { dep_small: priced(0.5), dep_large: priced(40), dep_judge: priced(0.1), ...more };
  await world.app.projection.write('facts', 'current', { deployments });
  await world.settled();
}

async function ready(policy: object, ...further: typeof models): Promise<void> {
  await know();
  const levels = {
    eco: { models: ['small', 'judge'], weights: { cost: 0, latency: 0, quality: 1 } },
    balanced: { models: ['small'] },
    precision: { models: ['large'] },
  };
  await world.ready({ levels, exploration: 0, ...policy }, ...models, ...further);
}

const isOurs = ({ context }: LitellmCall): boolean => context.rid.endsWith('_c');

/** What the model that is asked says; other calls work. */
function judge(behaviour: LitellmBehaviour): void {
  world.app.litellm.behaviourOf = (call) => (isOurs(call) ? behaviour : null);
}

function saying(content: string): LitellmBehaviour {
  const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };
  const body = JSON.stringify({ choices: [{ message: { role: 'assistant', content } }], usage });
  const serve = (_body: unknown, response: ServerResponse): Promise<void> => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    return Promise.resolve();
  };
  return { kind: 'served', serve };
}

async function ask(
  messages: object[] = unsure,
): Promise<{ tags: Record<string, string>; event: UsageEvent }> {
  const response = await world.send('auto', { messages });
  expect(response.status).toBe(200);
  return { tags: tagsOf(response), event: await world.eventOf(response.headers.get('x-request-id')) };
}

beforeEach(async () => {
  world = await openFailoverWorld();
});
afterEach(() => world.close());

it('by rules: what looks hard goes to precision, and the decision says why', async () => {
  await ready({ classification: 'rules' });
  const { tags, event } = await ask(hard);
  expect(tags).toMatchObject({ model: 'large', 'power-level': 'precision' });
  expect(event.decision).toMatchObject({
    kind: 'auto',
    power_level: 'precision',
    classification: {
      difficulty: 'hard',
      by: 'rules',
      reasons: expect.arrayContaining(['math', 'code']) as unknown,
    },
  });
  expect((await ask()).tags).toMatchObject({ 'power-level': 'balanced' });
  expect(world.app.litellm.posts().some(isOurs)).toBe(false);
});

it('off: the level of the workspace', async () => {
  await ready({ power_level: 'precision' });
  expect((await ask()).tags).toMatchObject({ model: 'large', 'power-level': 'precision' });
});

it('by a model where the rules are unsure: the cheapest of eco, with a line and a cost of its own', async () => {
  await ready({ classification: 'model' });
  judge(saying('Hard, I think.'));
  const { tags, event } = await ask();
  expect(tags).toMatchObject({ model: 'large', 'power-level': 'precision', attempts: '1' });
  expect(event.decision).toMatchObject({ classification: { difficulty: 'hard', by: 'model' } });
  expect(event.attempts).toHaveLength(2);
  expect(event.attempts[1]).toMatchObject({
    purpose: 'classification',
    model: 'judge',
    deployment_id: 'dep_judge',
    status: 200,
    failure: null,
    // 110 tokens at 100 nano-dollars; no part of the request's own cost.
    cost_nano_usd: 11_000,
  });
  expect(event.cost_nano_usd).toBe((event.prompt_tokens + event.completion_tokens) * 40_000);
  await ask(hard);
  expect(world.app.litellm.posts().filter(isOurs)).toHaveLength(1);
});

it.each<[string, LitellmBehaviour, string]>([
  ['an error', failing(500), 'provider_error'],
  ['another word', saying('no idea'), 'invalid_answer'],
  ['no JSON', { kind: 'torn', status: 200, headers: {}, body: Buffer.from('<') }, 'no_answer'],
])('by the rules after %s of the model', async (_name, behaviour, failure) => {
  await ready({ classification: 'model', classification_model: 'judge' });
  judge(behaviour);
  const { tags, event } = await ask();
  expect(tags).toMatchObject({ 'power-level': 'balanced' });
  expect(event.attempts[1]).toMatchObject({ purpose: 'classification', failure });
});

it('by the rules when the model has said nothing within a second and a half', async () => {
  await ready({ classification: 'model' });
  judge({ kind: 'hang' });
  const startMs = performance.now();
  const { tags, event } = await ask();
  const tookMs = performance.now() - startMs;
  expect(tookMs).toBeGreaterThan(1_400);
  expect(tookMs).toBeLessThan(2_500);
  expect(tags).toMatchObject({ 'power-level': 'balanced' });
  expect(event.attempts[1]).toMatchObject({ failure: 'timeout', cost_nano_usd: null });
  expect(world.app.litellm.posts().find(isOurs)?.isAborted).toBe(true);
});

it('asks a model no more that has failed time after time, and calls that name it still reach it', async () => {
  await ready({ classification: 'model', classification_model: 'judge' });
  judge(failing(500));
  for (let call = 0; call < breakerRules.windowFailures; call += 1)
    expect((await ask()).event.attempts[1]).toMatchObject({ failure: 'provider_error' });
  const { tags, event } = await ask();
  expect(tags).toMatchObject({ 'power-level': 'balanced' });
  expect(event.attempts).toHaveLength(1);
  expect((await world.send('judge', { messages: unsure })).status).toBe(200);
});

it('asks no model behind an open breaker', async () => {
  await ready({ classification: 'model', classification_model: 'judge' });
  world.app.litellm.behaviourOf = ({ context }) => (context.dep === 'dep_judge' ? failing(500) : null);
  for (let call = 0; call < breakerRules.windowFailures; call += 1)
    await world.send('judge', { messages: unsure });
  expect((await ask()).event.attempts).toHaveLength(1);
});

it('asks no model that the key may not use', async () => {
  await ready({ classification: 'model', classification_model: 'large' });
  judge(saying('hard'));
  await world.app.changeKey(world.key, { models: ['small', 'judge'] });
  await world.settled();
  expect((await ask()).tags).toMatchObject({ 'power-level': 'balanced' });
  expect(world.app.litellm.posts().some(isOurs)).toBe(false);
});

it('asks nobody for embeddings, which have no levels', async () => {
  await ready({ classification: 'model' });
  const refused = await world.client.post('/v1/embeddings', { model: 'auto', input: unsure[0]!.content });
  expect(refused.status).toBe(400);
  expect(world.app.litellm.posts()).toEqual([]);
});

describe('the model that is asked', () => {
  const picture = [
    {
      role: 'user',
      content: [
        { type: 'text', text: unsure[0]!.content },
        { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
      ],
    },
  ];

  it('need not take what the request has: it is shown a short text', async () => {
    await ready({ classification: 'model' });
    await know({
      dep_judge: { ...priced(0.1), input_modalities: ['text'], tools: false, context_length: 4_000 },
    });
    judge(saying('hard'));
    const { event } = await ask(picture);
    expect(event.attempts[1]).toMatchObject({ purpose: 'classification', model: 'judge' });
  });

  it('is one that chats, on every route', async () => {
    const old = aModel('old', ['dep_old'], { mode: 'completion' });
    await ready({ classification: 'model', levels: { eco: { models: ['old', 'judge'] } } }, old);
    await know({ dep_old: priced(0.01) });
    judge(saying('hard'));
    const response = await world.client.post('/v1/completions', {
      model: 'auto',
      prompt: unsure[0]!.content,
    });
    const event = await world.eventOf(response.headers.get('x-request-id'));
    expect(event.attempts.at(-1)).toMatchObject({ purpose: 'classification', model: 'judge' });
  });
});
