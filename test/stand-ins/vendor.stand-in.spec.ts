import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { replyTo } from './provider-answers';
import { faultMark, vendorNames, vendors, VendorStandIn } from './vendor.stand-in';
import { vendorFaults, type VendorName } from './vendor.types';

const key = 'key-of-the-spec-0123456789';
const prompt = 'hello there';
let standIn: VendorStandIn;

beforeAll(async () => {
  standIn = await VendorStandIn.start();
  standIn.setKey(key, 'good');
});
afterAll(() => standIn.close());

const ownDialect: ReadonlySet<VendorName> = new Set(['anthropic', 'google', 'cohere', 'ollama']);
const likeOpenai = vendorNames.filter((name) => !ownDialect.has(name));

describe.each(likeOpenai)("%s, to OpenAI's own SDK", (name) => {
  const client = (apiKey = key): OpenAI =>
    new OpenAI({ apiKey, baseURL: standIn.baseUrl(name), maxRetries: 0 });
  const ask = (content = prompt) => ({ model: 'a-model', messages: [{ role: 'user' as const, content }] });

  it('answers', async () => {
    const answer = await client().chat.completions.create(ask());
    expect(answer.choices[0]?.message.content).toBe(replyTo(prompt));
    expect(answer.usage?.total_tokens).toBeGreaterThan(0);
  });

  it('streams', async () => {
    let text = '';
    let finishReason: string | null = null;
    for await (const chunk of await client().chat.completions.create({ ...ask(), stream: true })) {
      text += chunk.choices[0]?.delta.content ?? '';
      finishReason = chunk.choices[0]?.finish_reason ?? finishReason;
    }
    expect([text, finishReason]).toEqual([replyTo(prompt), 'stop']);
  });

  it('refuses, limits and fails', async () => {
    const failed = async (mark: string): Promise<unknown> =>
      client()
        .chat.completions.create(ask(mark))
        .catch((error: unknown) => error);
    expect(await failed(faultMark('refused'))).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(await failed(faultMark('limited'))).toBeInstanceOf(OpenAI.RateLimitError);
    expect(await failed(faultMark('overloaded'))).toBeInstanceOf(OpenAI.InternalServerError);
    expect(await failed(faultMark('tooLong'))).toMatchObject({ status: vendors[name].faults.tooLong.status });
  });
});

describe("anthropic, to Anthropic's own SDK", () => {
  const client = (): Anthropic =>
    new Anthropic({ apiKey: key, baseURL: standIn.baseUrl('anthropic'), maxRetries: 0 });
  const ask = (content = prompt) => ({
    model: 'a-model',
    max_tokens: 64,
    messages: [{ role: 'user' as const, content }],
  });

  it('answers and streams', async () => {
    const answer = await client().messages.create(ask());
    expect(answer.content).toMatchObject([{ type: 'text', text: replyTo(prompt) }]);
    const streamed = await client().messages.stream(ask()).finalMessage();
    expect(streamed).toMatchObject({ content: [{ text: replyTo(prompt) }], stop_reason: 'end_turn' });
  });

  it('refuses and limits, and says when to come again', async () => {
    const failed = async (mark: string): Promise<unknown> =>
      client()
        .messages.create(ask(mark))
        .catch((error: unknown) => error);
    expect(await failed(faultMark('refused'))).toBeInstanceOf(Anthropic.AuthenticationError);
    const limited = await failed(faultMark('limited'));
    expect(limited).toBeInstanceOf(Anthropic.RateLimitError);
    expect((limited as InstanceType<typeof Anthropic.RateLimitError>).headers?.get('retry-after')).toBe('12');
  });
});

describe('what has no SDK here', () => {
  const post = async (name: VendorName, path: string, body: object): Promise<string> => {
    const { keyHeader } = vendors[name];
    const response = await fetch(`${standIn.baseUrl(name)}${path}`, {
      method: 'POST',
      headers: {
        [keyHeader]: keyHeader === 'authorization' ? `Bearer ${key}` : key,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    });
    return response.text();
  };
  const message = { role: 'user', content: prompt };
  const parsedEvents = (text: string): Record<string, unknown>[] =>
    text
      .split('\n')
      .filter((line) => line.startsWith('data: {'))
      .map((line) => JSON.parse(line.slice(6)) as Record<string, unknown>);

  it('Gemini puts the model into the path, and says STOP at the end', async () => {
    const body = { contents: [{ role: 'user', parts: [{ text: prompt }] }] };
    const plain = JSON.parse(
      await post('google', '/models/gemini-2.5-flash:generateContent', body),
    ) as object;
    expect(plain).toMatchObject({
      candidates: [{ content: { parts: [{ text: replyTo(prompt) }], role: 'model' }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 2 },
    });
    const events = parsedEvents(
      await post('google', '/models/gemini-2.5-flash:streamGenerateContent?alt=sse', body),
    );
    expect(events.at(-1)).toMatchObject({ candidates: [{ finishReason: 'STOP' }] });
  });

  it('Cohere names each event twice', async () => {
    const text = await post('cohere', '/v2/chat', { model: 'command-r', messages: [message], stream: true });
    const types = parsedEvents(text).map(({ type }) => type);
    expect(types.slice(0, 2)).toEqual(['message-start', 'content-start']);
    expect(types.at(-1)).toBe('message-end');
    expect(text).toContain('event: content-delta\ndata: {"type":"content-delta"');
  });

  it('Ollama streams lines unless told not to', async () => {
    const lines = (await post('ollama', '/api/chat', { model: 'llama3.2', messages: [message] }))
      .trim()
      .split('\n');
    expect(lines.length).toBeGreaterThan(2);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      done: true,
      done_reason: 'stop',
      prompt_eval_count: 2,
    });
  });
});

it.each(vendorNames)('%s says where it was read, and each of its faults is an error', (name) => {
  expect(vendors[name].docs).toMatch(/^https:\/\//);
  for (const fault of vendorFaults) expect(vendors[name].faults[fault].status).toBeGreaterThanOrEqual(400);
});
