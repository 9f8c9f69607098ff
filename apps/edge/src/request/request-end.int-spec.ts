import { deploymentFacts } from '@signalbox/gateway';
import type { Admission, LimitedCall, Limiter } from '../limits/limiter';
import { EdgeClient, errorOf, messages } from '../../../../test/support/edge-client';
import { aModel, type FailoverWorld, openFailoverWorld } from '../../../../test/support/failover-world';
import { waitUntil } from '../../../../test/support/wait-until';
import { Refusal } from './refusal';

/** Lets everything in until it is told otherwise, and remembers what was settled. */
class TestLimiter implements Limiter {
  readonly admitted: LimitedCall[] = [];
  readonly settled: (number | null)[] = [];
  isFull = false;

  admit(call: LimitedCall): Admission {
    const headers = {
      'x-ratelimit-limit-requests': '7',
      'x-ratelimit-remaining-requests': this.isFull ? '0' : '6',
    };
    if (this.isFull)
      throw new Refusal('request_limit_reached', { headers: { ...headers, 'retry-after': '12' } });
    this.admitted.push(call);
    return { headers, settle: (tokens) => void this.settled.push(tokens) };
  }
}

let world: FailoverWorld;
let limiter: TestLimiter;

beforeEach(async () => {
  limiter = new TestLimiter();
  world = await openFailoverWorld({ limiter });
  await world.release(aModel('demo'));
  await world.settled();
  world.events.length = 0;
});
afterEach(() => world.close());

const send = (model = 'demo', more: object = {}): Promise<Response> =>
  world.client.post('/v1/chat/completions', { model, messages, ...more });
const eventOf = (response: Response) => world.eventOf(response.headers.get('x-request-id'));
const noError = { error: { message: 'no', type: 'server_error', param: null, code: '500' } };

/** Whatever came before has been written by then: events are written in the order in which requests end. */
async function allEvents() {
  await eventOf(await send());
  return world.events.slice(0, -1);
}

it('an answer has its price, also when its deployment is released away before it ends', async () => {
  const know = async (deployments: object): Promise<void> => {
    await world.app.projection.write('facts', 'current', { deployments });
    await world.settled();
  };
  await know({ dep_demo: deploymentFacts.parse({ prices: { input: 1_000_000, output: 1_000_000 } }) });
  world.behave({ dep_demo: { kind: 'slow', everyMs: 400 } });
  const response = await send('demo', { stream: true });
  await know({});
  expect(await response.text()).toContain('[DONE]');
  const event = await eventOf(response);
  expect(event.prices).toMatchObject({ input: 1_000_000 });
  expect(event.cost_nano_usd).toBe((event.prompt_tokens + event.completion_tokens) * 1_000);
});

it('an answer settles the limits with what it used, once', async () => {
  const response = await send('demo', { stream: true });
  expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('6');
  const text = await response.text();
  const event = await eventOf(response);
  expect(event).toMatchObject({ stream: true, complete: true, usage_source: 'provider' });
  expect(limiter.settled).toEqual([event.prompt_tokens + event.completion_tokens]);
  expect(event.completion_tokens).toBeGreaterThan(5);
  // The client did not ask for usage, so it does not see any.
  expect(text).not.toContain('"usage"');
  expect(limiter.admitted).toMatchObject([{ requestId: event.request_id, service: null }]);
  expect(limiter.admitted[0]?.estimatedTokens).toBeGreaterThan(0);
  expect(event.bytes_out).toBe(Buffer.byteLength(text));
  expect([event.started_at_ms, event.first_byte_at_ms, event.ended_at_ms]).toEqual(
    [event.started_at_ms, event.first_byte_at_ms ?? NaN, event.ended_at_ms].sort((a, b) => a - b),
  );
});

it('a failure settles them with nothing known, and tells them too', async () => {
  world.behave({ dep_demo: { kind: 'error', status: 500, body: noError } });
  const response = await send();
  expect([response.status, response.headers.get('x-ratelimit-limit-requests')]).toEqual([500, '7']);
  expect(await eventOf(response)).toMatchObject({
    complete: false,
    error_code: 'provider_error',
    route: null,
  });
  expect(limiter.settled).toEqual([null]);
});

it('one that no candidate was found for gives its tokens back', async () => {
  const response = await send('nobody');
  expect([response.status, response.headers.get('x-ratelimit-limit-requests')]).toEqual([404, '7']);
  expect(await eventOf(response)).toMatchObject({ error_code: 'model_not_found', attempts: [], route: null });
  // Nobody was asked, so nothing was used.
  expect(limiter.settled).toEqual([0]);
});

it('a client that leaves gives its place back at once', async () => {
  world.behave({ dep_demo: { kind: 'hang' } });
  const leaving = new AbortController();
  const body = JSON.stringify({ model: 'demo', messages });
  const headers = { authorization: `Bearer ${world.key.value}`, 'content-type': 'application/json' };
  const url = `${world.app.url}/v1/chat/completions`;
  const answer = fetch(url, { method: 'POST', headers, body, signal: leaving.signal });
  await waitUntil(() => world.called().length === 1, { deadlineMs: 2_000, what: 'the call' });
  leaving.abort();
  await expect(answer).rejects.toThrow();
  await waitUntil(() => limiter.settled.length === 1, { deadlineMs: 1_000, what: 'the place' });
  expect(limiter.settled).toEqual([null]);
});

it('a limit that is reached is told with its headers, and calls nobody', async () => {
  limiter.isFull = true;
  const response = await send();
  expect([response.status, response.headers.get('retry-after')]).toEqual([429, '12']);
  expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('0');
  expect((await errorOf(response)).code).toBe('request_limit_reached');
  const event = await eventOf(response);
  expect(event).toMatchObject({ status_code: 429, error_code: 'request_limit_reached', attempts: [] });
  expect(world.called()).toEqual([]);
  expect(limiter.settled).toEqual([]);
});

it('a refused request of a known key has its event too, each exactly one', async () => {
  const { value } = await world.app.createKey({ models: ['other'] });
  await world.settled();
  world.events.length = 0;
  const narrow = new EdgeClient(world.app.url, value);
  const path = '/v1/chat/completions';
  await narrow.post(path, { model: 'demo', messages });
  await world.client.post(path, '{broken');
  await world.client.post(path, { model: 'demo', messages, api_base: 'http://evil' });
  expect(await allEvents()).toMatchObject([
    { status_code: 403, error_code: 'model_not_allowed', model_requested: 'demo', attempts: [], route: null },
    { status_code: 400, error_code: 'malformed_json', model_requested: null, attempts: [] },
    { status_code: 400, error_code: 'field_forbidden', model_requested: 'demo', attempts: [] },
  ]);
});

it('nobody known, no event; nor for lists of models', async () => {
  await new EdgeClient(world.app.url, 'sk-sb-nonsense').post('/v1/chat/completions', {
    model: 'demo',
    messages,
  });
  await world.client.get('/v1/models');
  expect(await allEvents()).toEqual([]);
});

it('every request has one line in the log, with its way', async () => {
  const response = await send();
  const id = response.headers.get('x-request-id');
  await eventOf(response);
  const lines = world.app.logs.filter(
    ({ message, request_id }) => message === 'request' && request_id === id,
  );
  expect(lines).toMatchObject([
    {
      status: 200,
      route: 'chat_completions',
      answer_route: 'litellm',
      attempts: 1,
      deployment_id: 'dep_demo',
    },
  ]);
});
