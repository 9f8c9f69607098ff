import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { type ByokWorkspace, createByokWorkspace } from '../support/e2e/byok-workspaces';
import { loopback, useLoopbackProvider } from '../support/e2e/loopback-models';
import { createTenant } from '../support/e2e/tenants';
import { waitUntil } from '../support/wait-until';
import { readSecretFile, type E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { replyTo } from '../stand-ins/provider-answers';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';

describe('chat through port 4000', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let key: string;
  let openai: OpenAI;
  let anthropic: Anthropic;
  const messages = [{ role: 'user' as const, content: 'Is the line clear?' }];

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    const tenant = await createTenant(stack, 'chat');
    ({ key } = await stack.api.createKey(tenant.workspaceId, { key_alias: 'chat' }));
    openai = new OpenAI({ apiKey: key, baseURL: `${stack.facts.edge_url}/v1`, maxRetries: 0 });
    anthropic = new Anthropic({ apiKey: key, baseURL: stack.facts.edge_url, maxRetries: 0 });
  });
  afterEach(() => provider.behave());

  /** A provider key of its own: what fails with it opens nobody else's breaker. */
  const withOwnBreaker = (): Promise<ByokWorkspace> =>
    createByokWorkspace(stack, 'chat fails', { policy: 'byok_only', hasOwnKeys: true });

  afterAll(async () => {
    await provider.close();
    await stack.close();
  });

  it('answers the printed curl line: the first key, the demo model, through LiteLLM', async () => {
    const answer = await stack.chat.expectAnswer({
      key: readSecretFile(stack.facts.virtual_key_file),
      model: stack.facts.demo_model,
      expected: null,
    });
    expect(answer.headers['x-litellm-version']).toBe(stack.facts.versions['litellm']);
  });

  it.each([false, true])(
    'names LiteLLM and one request id all the way (streamed: %s)',
    async (isStreamed) => {
      const answer = await stack.chat.expectAnswer({ key, model: loopback.chat, isStreamed });
      expect(answer.headers['x-litellm-version']).toBe('1.103.1');
      expect(answer.headers['x-request-id']).toMatch(/^req_/);
      expect(answer.headers['x-litellm-call-id']).toBe(answer.headers['x-request-id']);
    },
  );

  it('sends the provider neither the virtual key nor any header of ours or of the SDK', async () => {
    provider.requests.length = 0;
    await openai.chat.completions.create({ model: loopback.chat, messages });
    const [call] = provider.calls();
    const sent = JSON.stringify(call?.headers);
    expect(sent).not.toContain(key);
    expect(sent).not.toMatch(/x-signalbox|sb1\.|x-openwebui/i);
    expect(call?.apiKey).toBe('no-key-needed');
    expect(call?.body).not.toHaveProperty('metadata');
  });

  it('serves the OpenAI SDK: chat, streamed chat with usage, completions, responses, embeddings', async () => {
    const chat = await openai.chat.completions.create({ model: loopback.chat, messages });
    expect(chat.choices[0]?.message.content).toBe(replyTo('Is the line clear?'));
    expect(chat.usage?.prompt_tokens).toBe(4);

    const stream = await openai.chat.completions.create({
      model: loopback.chat,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let promptTokens = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      promptTokens = chunk.usage?.prompt_tokens ?? promptTokens;
    }
    expect([text, promptTokens]).toEqual([replyTo('Is the line clear?'), 4]);

    const completion = await openai.completions.create({ model: loopback.chat, prompt: 'hello' });
    expect(completion.choices[0]?.text).toBe(replyTo('hello'));
    const response = await openai.responses.create({ model: loopback.chat, input: 'hello' });
    expect(response.output_text).toBe(replyTo('hello'));
    const embedding = await openai.embeddings.create({ model: loopback.embedding, input: 'ab' });
    expect(embedding.data[0]?.embedding[0]).toBeCloseTo(97 / 256);
  });

  it('lists the models in the dialect of the caller', async () => {
    const names = (await openai.models.list()).data.map(({ id }) => id);
    expect(names).toEqual(expect.arrayContaining([...Object.values(loopback), stack.facts.demo_model]));
    const { data } = await anthropic.models.list();
    expect(data.map(({ id }) => id)).toEqual(expect.arrayContaining([loopback.chat]));
    expect(data[0]?.type).toBe('model');
    expect((await openai.models.retrieve(loopback.chat)).id).toBe(loopback.chat);
  });

  it.each([loopback.anthropic, loopback.chat])('serves the Anthropic SDK with %s', async (model) => {
    const message = await anthropic.messages.create({ model, max_tokens: 64, messages });
    expect(message.content).toEqual([expect.objectContaining({ text: replyTo('Is the line clear?') })]);
    const streamed = await anthropic.messages.stream({ model, max_tokens: 64, messages }).finalMessage();
    expect(streamed.content).toEqual([expect.objectContaining({ text: replyTo('Is the line clear?') })]);
    expect(streamed.stop_reason).toBe('end_turn');
  });

  it('passes a stream on chunk by chunk, not when it is complete', async () => {
    provider.misbehave({ kind: 'slow', everyMs: 100 });
    const stream = await openai.chat.completions.create({ model: loopback.chat, messages, stream: true });
    const arrivedAtMs: number[] = [];
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) arrivedAtMs.push(performance.now());
    }
    const spreadMs = (arrivedAtMs.at(-1) ?? 0) - (arrivedAtMs[0] ?? 0);
    expect(arrivedAtMs.length).toBeGreaterThan(5);
    expect(spreadMs).toBeGreaterThan(400);
  });

  it('cancels the call upstream when the client goes away', async () => {
    provider.requests.length = 0;
    provider.misbehave({ kind: 'slow', everyMs: 200 });
    const stream = await openai.chat.completions.create({ model: loopback.chat, messages, stream: true });
    for await (const chunk of stream) if (chunk.choices.length > 0) break;
    stream.controller.abort();
    await waitUntil(() => provider.calls()[0]?.isAborted, { deadlineMs: 5_000, what: 'the cancelled call' });
  });

  it('ends a stream that the provider cut with an error, never as if it were complete', async () => {
    // Slowly, so that the first events are on their way to the client when the connection breaks.
    provider.misbehave({ kind: 'cut', afterEvents: 6, everyMs: 50 });
    const answer = await stack.chat.send({ key, model: loopback.chat, isStreamed: true });
    expect(answer.problem).toMatch(/error event/);
    const read = async (): Promise<void> => {
      const stream = await openai.chat.completions.create({ model: loopback.chat, messages, stream: true });
      for await (const chunk of stream) expect(chunk.choices).toBeDefined();
    };
    await expect(read()).rejects.toBeInstanceOf(OpenAI.APIError);
  });

  it.each([
    [429, OpenAI.RateLimitError],
    [500, OpenAI.InternalServerError],
    [503, OpenAI.InternalServerError],
  ])('hands on a %i of the provider once, as the error it is', async (status, errorClass) => {
    const { virtualKey } = await withOwnBreaker();
    provider.requests.length = 0;
    provider.misbehave({ kind: 'error', status, retryAfterSeconds: 7 });
    const client = new OpenAI({
      apiKey: virtualKey.key,
      baseURL: `${stack.facts.edge_url}/v1`,
      maxRetries: 0,
    });
    const call = client.chat.completions.create({ model: loopback.keyedChat, messages });
    await expect(call).rejects.toBeInstanceOf(errorClass);
    expect(provider.calls()).toHaveLength(1);
  });

  it("never turns a provider's 401 into a 401 of the caller's own key", async () => {
    const { virtualKey } = await withOwnBreaker();
    provider.misbehave({ kind: 'error', status: 401 });
    const answer = await stack.chat.send({ key: virtualKey.key, model: loopback.keyedChat });
    expect([answer.status, answer.code]).toEqual([502, 'provider_credential_refused']);
  });
});
