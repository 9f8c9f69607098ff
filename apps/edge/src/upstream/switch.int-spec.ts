import { type EdgeApp, openEdgeApp, type TestKey } from '../../../../test/support/edge-app';
import { EdgeClient, errorOf, messages } from '../../../../test/support/edge-client';
import { waitUntil } from '../../../../test/support/wait-until';
import { replyTo } from '../../../../test/stand-ins/provider-answers';

let app: EdgeApp;
let key: TestKey;
let client: EdgeClient;

beforeEach(async () => {
  app = await openEdgeApp({ drainLimitMs: 1_000 });
  key = await app.createKey();
  client = new EdgeClient(app.url, key.value);
});
afterEach(() => app.close());

describe('the blue/green switch', () => {
  it.each(['after the runner was told', 'before it was told'])(
    'drops nothing of 20 clients when the old LiteLLM stops accepting %s',
    async (order) => {
      const state = { isOver: false };
      const results = { good: 0, bad: [] as string[] };
      const run = async (ask: () => Promise<string>): Promise<void> => {
        while (!state.isOver) {
          const text = await ask().catch((error: unknown) => String(error));
          if (text === replyTo('hello')) results.good += 1;
          else results.bad.push(text);
        }
      };
      app.litellm.behaviour = { kind: 'slow', everyMs: 5 };
      const clients = Array.from({ length: 20 }, (_, index) =>
        run(() => (index % 2 === 0 ? client.plainText() : client.streamedText())),
      );
      let old = app.litellm;
      for (let round = 0; round < 4; round += 1) {
        const next = await app.startLitellm();
        next.behaviour = { kind: 'slow', everyMs: 5 };
        const seen = results.good;
        await waitUntil(() => results.good > seen + 40, { deadlineMs: 10_000, what: 'traffic' });
        // A well-behaved runner waits for the acknowledgement; one whose patience is over does not.
        const drained = order === 'before it was told' ? old.drain() : null;
        app.runner.activate(next, round % 2 === 0 ? 'green' : 'blue');
        if (!drained) await app.runner.acknowledgement();
        await (drained ?? old.drain());
        old = next;
      }
      const seen = results.good;
      await waitUntil(() => results.good > seen + 40, {
        deadlineMs: 10_000,
        what: 'traffic after the last switch',
      });
      state.isOver = true;
      await Promise.all(clients);
      expect(results.bad).toEqual([]);
      expect(app.litellm.posts().length).toBeGreaterThan(0);
    },
    30_000,
  );

  it('repeats what the old LiteLLM dropped unanswered, once another one is in place', async () => {
    const green = await app.startLitellm();
    app.litellm.behaviour = { kind: 'hang' };
    const answer = client.plainText();
    await waitUntil(() => app.litellm.posts().length === 1, {
      deadlineMs: 2_000,
      what: 'the call to arrive',
    });
    app.runner.activate(green, 'green');
    await app.runner.acknowledgement();
    await app.litellm.kill();
    expect(await answer).toBe(replyTo('hello'));
  });

  it('does not repeat what the same LiteLLM dropped: the provider may have been called', async () => {
    app.litellm.behaviour = { kind: 'reset' };
    const response = await client.post('/v1/chat/completions', { model: 'demo', messages });
    expect(response.status).toBe(502);
    expect((await errorOf(response)).code).toBe('litellm_no_answer');
    expect(app.litellm.posts()).toHaveLength(1);
  });

  it('lets streams in flight finish on the old LiteLLM', async () => {
    const green = await app.startLitellm();
    app.litellm.behaviour = { kind: 'slow', everyMs: 30 };
    const answer = client.streamedText();
    await waitUntil(() => app.litellm.posts().length === 1, {
      deadlineMs: 2_000,
      what: 'the call to arrive',
    });
    app.runner.activate(green, 'green');
    await app.runner.acknowledgement();
    await app.litellm.drain();
    expect(await answer).toBe(replyTo('hello'));
    expect(await client.plainText()).toBe(replyTo('hello'));
    expect(green.posts()).toHaveLength(1);
  });
});

describe('LiteLLM down', () => {
  it('is a retryable 503 in both dialects, and known lists of models are still shown', async () => {
    expect((await client.openai.models.list()).data).toHaveLength(3);
    await app.litellm.kill();
    app.runner.activate(null);
    const response = await client.post('/v1/chat/completions', { model: 'demo', messages });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expect((await errorOf(response)).code).toBe('litellm_unavailable');
    await expect(
      client.anthropic.messages.create({ model: 'demo', messages, max_tokens: 1 }),
    ).rejects.toMatchObject({
      status: 503,
      type: 'overloaded_error',
    });
    const list = await fetch(`${app.url}/v1/models`, { headers: { authorization: `Bearer ${key.value}` } });
    expect([list.status, list.headers.get('x-signalbox-models')]).toEqual([200, 'memory']);
    expect((await fetch(`${app.url}/health/readiness`)).status).toBe(503);
  });

  it('before it was ever seen: the list comes from the catalogue', async () => {
    await app.litellm.kill();
    app.runner.activate(null);
    await app.projection.write('catalogue', 'current', {
      release_id: 'rel_1',
      release_number: 1,
      models: [{ name: 'demo', mode: 'chat', deployment_ids: ['dep_1'] }],
    });
    const source = await waitUntil(
      async () => {
        const response = await fetch(`${app.url}/v1/models`, {
          headers: { authorization: `Bearer ${key.value}` },
        });
        const { data = [] } = (await response.json()) as { data?: { id: string }[] };
        return data.some(({ id }) => id === 'demo') && response.headers.get('x-signalbox-models');
      },
      { deadlineMs: 10_000, what: 'the catalogue' },
    );
    expect(source).toBe('catalogue');
  });

  it('refusing connections while the runner has not noticed: bounded wait, then 503', async () => {
    await app.litellm.kill();
    const startMs = performance.now();
    const response = await client.post('/v1/chat/completions', { model: 'demo', messages });
    expect(response.status).toBe(503);
    expect(performance.now() - startMs).toBeLessThan(5_000);
  });

  it('nobody waits for one that is about to be active; it is used as soon as it is', async () => {
    app.runner.activate(null);
    app.runner.announceCandidate('verifying');
    await app.runner.acknowledgement();
    const startMs = performance.now();
    expect((await client.post('/v1/chat/completions', { model: 'demo', messages })).status).toBe(503);
    expect(performance.now() - startMs).toBeLessThan(500);
    app.runner.activate(await app.startLitellm(), 'green');
    await app.runner.acknowledgement();
    expect(await client.plainText()).toBe(replyTo('hello'));
  });

  it('the runner away: LiteLLM goes on being used', async () => {
    await app.runner.close();
    await waitUntil(
      async () => (await (await fetch(`${app.url}/health/readiness`)).text()).includes('runner'),
      {
        deadlineMs: 3_000,
        what: 'the edge to notice',
      },
    );
    expect(await client.plainText()).toBe(replyTo('hello'));
    expect((await fetch(`${app.url}/health/readiness`)).status).toBe(200);
  });
});
