import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { OpenrouterStandIn } from './openrouter.stand-in';
import { replyTo } from './provider-answers';

const model = 'openai/gpt-4o-mini';
const messages = [{ role: 'user' as const, content: 'hello' }];
const key = 'sk-or-v1-of-the-test';

describe("OpenRouter's stand-in, judged by the vendors' SDKs", () => {
  let standIn: OpenrouterStandIn;
  let client: OpenAI;
  let anthropic: Anthropic;

  beforeAll(async () => {
    standIn = await OpenrouterStandIn.start();
    client = new OpenAI({ apiKey: key, baseURL: standIn.baseUrl, maxRetries: 0 });
    const baseURL = standIn.baseUrl.replace(/\/v1$/, '');
    anthropic = new Anthropic({ authToken: key, apiKey: null, baseURL, maxRetries: 0 });
  });
  beforeEach(() => {
    standIn.behave();
    standIn.acceptAll();
  });
  afterAll(() => standIn.close());

  async function streamed(): Promise<{ text: string; cost: unknown; finish: string | null | undefined }> {
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    const seen = { text: '', cost: undefined as unknown, finish: null as string | null | undefined };
    for await (const chunk of stream) {
      seen.text += chunk.choices[0]?.delta.content ?? '';
      seen.finish = chunk.choices[0]?.finish_reason ?? seen.finish;
      if (chunk.usage) seen.cost = (chunk.usage as unknown as { cost: number }).cost;
    }
    return seen;
  }

  it('answers a chat with its cost and its generation', async () => {
    const { data, response } = await client.chat.completions.create({ model, messages }).withResponse();
    expect(data.choices[0]?.message.content).toBe(replyTo('hello'));
    expect(data.id).toBe(response.headers.get('x-generation-id'));
    expect(data).toMatchObject({ provider: 'Stand-In', usage: { is_byok: false } });
    expect((data.usage as unknown as { cost: number }).cost).toBeGreaterThan(0);
  });

  it('streams with comments first, and with usage although nobody asked', async () => {
    expect(await streamed()).toEqual({
      text: replyTo('hello'),
      cost: expect.any(Number),
      finish: 'stop',
    });
    const raw = await fetch(`${standIn.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify({ model, messages, stream: true }),
    });
    const text = await raw.text();
    expect(text.startsWith(': OPENROUTER PROCESSING\n\n')).toBe(true);
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('serves responses, messages and embeddings', async () => {
    const response = await client.responses.create({ model, input: 'hello' });
    expect(response.output_text).toBe(replyTo('hello'));
    const message = await anthropic.messages.create({ model, messages, max_tokens: 9 });
    expect(message.content[0]).toMatchObject({ text: replyTo('hello') });
    const final = await anthropic.messages.stream({ model, messages, max_tokens: 9 }).finalText();
    expect(final).toBe(replyTo('hello'));
    const { data } = await client.embeddings.create({ model, input: ['a', 'b'] });
    expect(data).toHaveLength(2);
  });

  it('knows keys', async () => {
    standIn.acceptOnly(['sk-or-v1-another']);
    await expect(client.chat.completions.create({ model, messages })).rejects.toMatchObject({
      status: 401,
      code: 401,
    });
    const at = (authorization?: string) =>
      fetch(`${standIn.baseUrl}/key`, { headers: authorization ? { authorization } : {} });
    expect((await at()).status).toBe(401);
    expect(await (await at('Bearer sk-or-v1-another')).json()).toMatchObject({
      data: { is_management_key: false },
    });
  });

  it.each([401, 402, 429, 503])('answers %i as told', async (code) => {
    const availability = { code: 'capacity_exhausted', retryable: true };
    standIn.misbehave({ kind: 'error', code, retryAfterSeconds: 7, availability }, { times: 1 });
    const error = await client.chat.completions.create({ model, messages }).catch((one: unknown) => one);
    expect(error).toMatchObject({ status: code, error: { code, availability } });
    expect((error as InstanceType<typeof OpenAI.APIError>).headers?.get('retry-after')).toBe('7');
    expect((await streamed()).finish).toBe('stop');
  });

  it('may begin with an error, end with one, or just break off', async () => {
    standIn.misbehave({ kind: 'error_first', code: 502 }, { times: 1 });
    await expect(streamed()).rejects.toMatchObject({ error: { code: 502 } });
    standIn.misbehave({ kind: 'error_in_stream', code: 502, afterEvents: 2 }, { times: 1 });
    await expect(streamed()).rejects.toMatchObject({ error: { code: 502 } });
    standIn.misbehave({ kind: 'cut', afterEvents: 2 }, { times: 1 });
    await expect(streamed()).rejects.toThrow('terminated');
    standIn.misbehave({ kind: 'reset' }, { times: 1 });
    await expect(streamed()).rejects.toThrow('Connection error');
  });

  it('remembers what reached it', async () => {
    standIn.requests.length = 0;
    await client.chat.completions.create({ model, messages, user: 'tenant' });
    expect(standIn.calls()).toMatchObject([
      { model, apiKey: key, body: { user: 'tenant' }, isAborted: false },
    ]);
  });
});
