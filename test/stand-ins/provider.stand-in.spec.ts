import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { waitUntil } from '../support/wait-until';
import { countTokens, replyTo } from './provider-answers';
import { hashOfKey, ProviderStandIn } from './provider.stand-in';

describe('provider stand-in, judged by the vendors SDKs', () => {
  let provider: ProviderStandIn;
  let openai: OpenAI;
  let anthropic: Anthropic;
  const messages = [{ role: 'user' as const, content: 'Is the line clear?' }];

  beforeAll(async () => {
    provider = await ProviderStandIn.start();
    openai = new OpenAI({ apiKey: 'sk-openai', baseURL: provider.baseUrl, maxRetries: 0 });
    anthropic = new Anthropic({ apiKey: 'sk-anthropic', baseURL: provider.origin, maxRetries: 0 });
  });
  afterEach(() => {
    provider.behave();
    provider.acceptAll();
    provider.requests.length = 0;
  });
  afterAll(() => provider.close());

  it('answers chats and says which key and model reached it', async () => {
    const first = await openai.chat.completions.create({ model: 'm', messages });
    const second = await openai.chat.completions.create({ model: 'm', messages });
    expect(first.choices[0]?.message.content).toBe(replyTo('Is the line clear?'));
    expect(first.usage?.prompt_tokens).toBe(4);
    expect(first.id).not.toBe(second.id);
    expect(provider.calls().map(({ apiKey, model }) => [apiKey, model])).toEqual([
      ['sk-openai', 'm'],
      ['sk-openai', 'm'],
    ]);
  });

  it('streams chats with a usage chunk when asked', async () => {
    const stream = await openai.chat.completions.create({
      model: 'm',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let completionTokens = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      completionTokens = chunk.usage?.completion_tokens ?? completionTokens;
    }
    expect(text).toBe(replyTo('Is the line clear?'));
    expect(completionTokens).toBe(countTokens(text));
  });

  it('answers responses, completions, embeddings, images and models', async () => {
    const response = await openai.responses.create({ model: 'm', input: 'hello' });
    expect(response.output_text).toBe(replyTo('hello'));
    const stream = openai.responses.stream({ model: 'm', input: 'hello' });
    expect((await stream.finalResponse()).output_text).toBe(replyTo('hello'));
    const completion = await openai.completions.create({ model: 'm', prompt: 'hello' });
    expect(completion.choices[0]?.text).toBe(replyTo('hello'));
    const embedding = await openai.embeddings.create({ model: 'm', input: ['ab', 'cd'] });
    expect(embedding.data.map(({ embedding: vector }) => vector[0])).toEqual([97 / 256, 99 / 256]);
    const image = await openai.images.generate({ model: 'm', prompt: 'a signal' });
    expect(image.data?.[0]?.b64_json).toMatch(/^iVBOR/);
    expect((await openai.models.list()).data).toHaveLength(1);
  });

  it('speaks the dialect of /v1/messages, plain and streamed', async () => {
    const message = await anthropic.messages.create({ model: 'm', max_tokens: 10, messages });
    expect(message.content).toEqual([expect.objectContaining({ text: replyTo('Is the line clear?') })]);
    const streamed = await anthropic.messages.stream({ model: 'm', max_tokens: 10, messages }).finalMessage();
    expect(streamed.content).toEqual([expect.objectContaining({ text: replyTo('Is the line clear?') })]);
    expect(streamed.stop_reason).toBe('end_turn');
    expect(provider.calls().every(({ apiKey }) => apiKey === 'sk-anthropic')).toBe(true);
  });

  it.each([401, 429, 500, 503])('answers %i when told, as often as told', async (status) => {
    provider.misbehave({ kind: 'error', status, retryAfterSeconds: 7 }, { times: 1 });
    const failure = await openai.chat.completions
      .create({ model: 'm', messages })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OpenAI.APIError);
    expect((failure as InstanceType<typeof OpenAI.APIError>).status).toBe(status);
    expect((failure as InstanceType<typeof OpenAI.APIError>).headers?.get('retry-after')).toBe('7');
    await expect(openai.chat.completions.create({ model: 'm', messages })).resolves.toBeDefined();
  });

  it('misbehaves only towards the requests that a rule names', async () => {
    provider.misbehave({ kind: 'error', status: 401 }, { when: ({ apiKey }) => apiKey === 'sk-anthropic' });
    await expect(anthropic.messages.create({ model: 'm', max_tokens: 1, messages })).rejects.toMatchObject({
      status: 401,
    });
    await expect(openai.chat.completions.create({ model: 'm', messages })).resolves.toBeDefined();
  });

  it("takes only the keys that it is told to, in both vendors' words, and names each by its hash", async () => {
    provider.acceptOnly(['sk-openai']);
    await expect(openai.chat.completions.create({ model: 'm', messages })).resolves.toBeDefined();
    await expect(anthropic.messages.create({ model: 'm', max_tokens: 1, messages })).rejects.toMatchObject({
      status: 401,
      error: { type: 'error', error: { type: 'authentication_error' } },
    });
    provider.refuse('sk-openai');
    provider.accept('sk-anthropic');
    await expect(openai.models.list()).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
    await expect(anthropic.models.list()).resolves.toBeDefined();
    expect(provider.requests.map(({ keyHash }) => keyHash)).toEqual(
      ['sk-openai', 'sk-anthropic', 'sk-openai', 'sk-anthropic'].map(hashOfKey),
    );
  });

  it('hangs, and notices that the caller gave up', async () => {
    provider.misbehave({ kind: 'hang' });
    const call = openai.chat.completions.create({ model: 'm', messages }, { timeout: 100 });
    await expect(call).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
    await waitUntil(() => provider.calls()[0]?.isAborted, { deadlineMs: 2_000, what: 'the aborted call' });
  });

  it('resets a connection and cuts a stream', async () => {
    provider.misbehave({ kind: 'reset' }, { times: 1 });
    await expect(openai.chat.completions.create({ model: 'm', messages })).rejects.toBeInstanceOf(
      OpenAI.APIConnectionError,
    );
    provider.misbehave({ kind: 'cut', afterEvents: 3 }, { times: 1 });
    const stream = await openai.chat.completions.create({ model: 'm', messages, stream: true });
    const read = async (): Promise<number> => {
      let chunks = 0;
      for await (const chunk of stream) chunks += chunk.choices.length;
      return chunks;
    };
    await expect(read()).rejects.toThrow(/terminated|error|reset/i);
  });

  it('slows a stream down', async () => {
    provider.misbehave({ kind: 'slow', everyMs: 5 });
    const startedAtMs = performance.now();
    const stream = await openai.chat.completions.create({ model: 'm', messages, stream: true });
    let chunks = 0;
    for await (const chunk of stream) chunks += chunk.choices.length;
    expect(performance.now() - startedAtMs).toBeGreaterThan(chunks * 4);
  });
});
