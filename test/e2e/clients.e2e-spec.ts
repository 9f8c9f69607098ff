import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import type { OpenrouterStandIn } from '../stand-ins/openrouter.stand-in';
import { replyTo } from '../stand-ins/provider-answers';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';
import { pythonOf, runPythonClient } from '../support/e2e/clients/python-client';
import { withoutLitellm } from '../support/e2e/litellm-away';
import { loopback, useLoopbackProvider } from '../support/e2e/loopback-models';
import { useOpenrouter } from '../support/e2e/openrouter';
import { createTenant } from '../support/e2e/tenants';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';

const prompt = 'Is the line clear?';
const messages = [{ role: 'user' as const, content: prompt }];
const parameters = { type: 'object' as const, properties: { text: { type: 'string' } } };
const openaiTool = { type: 'function' as const, function: { name: 'set_signal', parameters } };

/** The vendors' own SDKs against port 4000, through LiteLLM and while there is none. What they get must be the same. */
describe.each(['up', 'down'] as const)('clients of port 4000, LiteLLM %s', (state) => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let openrouter: OpenrouterStandIn;
  let key: string;
  let python: string;
  let openai: OpenAI;
  let anthropic: Anthropic;
  let bringBack: (() => Promise<void>) | null = null;

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    openrouter = await useOpenrouter(stack);
    const { workspaceId } = await createTenant(stack, `clients-${state}`);
    ({ key } = await stack.api.createKey(workspaceId));
    await stack.chat.expectAnswer({ key, model: loopback.chat });
    python = await pythonOf(stack);
    if (state === 'down') bringBack = await withoutLitellm(stack);
    openai = new OpenAI({ apiKey: key, baseURL: `${stack.facts.edge_url}/v1`, maxRetries: 0 });
    anthropic = new Anthropic({ apiKey: key, baseURL: stack.facts.edge_url, maxRetries: 0 });
  });
  afterEach(() => provider.behave());
  afterAll(async () => {
    await bringBack?.();
    await Promise.all([provider.close(), openrouter.close()]);
    await stack.close();
  });

  it('OpenAI for Node: chat, and which way it went', async () => {
    const { data, response } = await openai.chat.completions
      .create({ model: loopback.chat, messages })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe(replyTo(prompt));
    expect(data.usage?.prompt_tokens).toBe(4);
    const { headers } = response;
    expect(headers.get('x-request-id')).toMatch(/^req_/);
    expect(headers.get('x-signalbox-model')).toBe(loopback.chat);
    expect(headers.get('x-signalbox-route')).toBe(state === 'up' ? 'litellm' : 'direct');
    expect(headers.get('x-signalbox-fallback')).toBe(state === 'up' ? null : 'litellm_down');
  });

  it('OpenAI for Node: streams, with usage only where it was asked for', async () => {
    const read = async (more: object): Promise<{ text: string; usages: number; empty: number }> => {
      const stream = await openai.chat.completions.create({
        model: loopback.chat,
        messages,
        stream: true,
        ...more,
      });
      const seen = { text: '', usages: 0, empty: 0 };
      for await (const chunk of stream) {
        seen.text += chunk.choices[0]?.delta.content ?? '';
        if (chunk.usage) seen.usages += 1;
        if (chunk.choices.length === 0) seen.empty += 1;
      }
      return seen;
    };
    expect(await read({})).toEqual({ text: replyTo(prompt), usages: 0, empty: 0 });
    expect(await read({ stream_options: { include_usage: true } })).toMatchObject({
      text: replyTo(prompt),
      usages: 1,
    });
  });

  it('OpenAI for Node: tools, plain and streamed, and JSON', async () => {
    const plain = await openai.chat.completions.create({
      model: loopback.chat,
      messages,
      tools: [openaiTool],
    });
    const [call] = plain.choices[0]?.message.tool_calls ?? [];
    expect(call?.type === 'function' && [call.function.name, JSON.parse(call.function.arguments)]).toEqual([
      'set_signal',
      { text: prompt },
    ]);
    const streamed = await openai.chat.completions
      .stream({ model: loopback.chat, messages, tools: [openaiTool] })
      .finalChatCompletion();
    expect(streamed.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      function: { name: 'set_signal', arguments: JSON.stringify({ text: prompt }) },
    });
    const formatted = await openai.chat.completions.create({
      model: loopback.chat,
      messages,
      response_format: { type: 'json_object' },
    });
    expect(JSON.parse(formatted.choices[0]?.message.content ?? '')).toEqual({ reply: replyTo(prompt) });
  });

  it('OpenAI for Node: embeddings, responses, a streamed response, the list of models', async () => {
    const embedding = await openai.embeddings.create({ model: loopback.embedding, input: 'ab' });
    expect(embedding.data[0]?.embedding[0]).toBeCloseTo(97 / 256);
    const response = await openai.responses.create({ model: loopback.chat, input: 'hello' });
    expect(response.output_text).toBe(replyTo('hello'));
    const events = await openai.responses.create({ model: loopback.chat, input: 'hello', stream: true });
    const types: string[] = [];
    for await (const event of events) types.push(event.type);
    expect(types.at(-1)).toBe('response.completed');
    const ids = (await openai.models.list()).data.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([loopback.chat, loopback.embedding]));
  });

  it('OpenAI for Node: errors have their class, and are not repeated', async () => {
    const errorOf = (model: string, apiKey = key): Promise<unknown> =>
      new OpenAI({ apiKey, baseURL: `${stack.facts.edge_url}/v1` }).chat.completions
        .create({ model, messages })
        .then(
          () => null,
          (error: unknown) => error,
        );
    expect(await errorOf('no-such-model')).toBeInstanceOf(OpenAI.NotFoundError);
    expect(await errorOf(loopback.chat, `${key}x`)).toBeInstanceOf(OpenAI.AuthenticationError);
    provider.requests.length = 0;
    provider.misbehave({ kind: 'error', status: 400, message: 'temperature is out of range' });
    expect(await errorOf(loopback.chat)).toBeInstanceOf(OpenAI.BadRequestError);
    expect(provider.calls()).toHaveLength(1);
  });

  it('OpenAI for Node: a client that goes away ends the call upstream', async () => {
    provider.requests.length = 0;
    provider.misbehave({ kind: 'slow', everyMs: 200 });
    const stream = await openai.chat.completions.create({ model: loopback.chat, messages, stream: true });
    for await (const chunk of stream) if (chunk.choices.length > 0) break;
    stream.controller.abort();
    await waitUntil(() => provider.calls()[0]?.isAborted, { deadlineMs: 5_000, what: 'the cancelled call' });
  });

  it('OpenAI for Python', async () => {
    const models = [loopback.chat, loopback.embedding];
    const result = await runPythonClient(python, { url: stack.facts.edge_url, key, models });
    expect(result).toMatchObject({
      chat: { text: replyTo(prompt), prompt_tokens: 4, route: state === 'up' ? 'litellm' : 'direct' },
      stream: { text: replyTo(prompt), chunks_without_choices: 0 },
      stream_with_usage: { prompt_tokens: [4] },
      tools: { name: 'set_signal', arguments: { text: prompt } },
      json_mode: { reply: replyTo(prompt) },
      abort: { closed: true },
      responses: replyTo('hello'),
      wrong_key: { class: 'AuthenticationError', status: 401 },
      unknown_model: { class: 'NotFoundError', status: 404, code: 'model_not_found' },
      bad_field: { class: 'BadRequestError', status: 400, code: 'field_invalid' },
    });
    expect(result.models).toEqual(expect.arrayContaining([loopback.chat]));
  });

  it('Open WebUI 0.12: its list of models and its chat, word for word', async () => {
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      accept: '*/*',
      'accept-encoding': 'gzip, deflate, br',
      'user-agent': 'Python/3.11 aiohttp/3.13.2',
      'X-OpenWebUI-User-Name': 'Ada%20Lovelace',
      'X-OpenWebUI-User-Id': '5b1f0c1e-canary-user',
      'X-OpenWebUI-User-Email': 'ada@example.com',
      'X-OpenWebUI-User-Role': 'user',
      'X-OpenWebUI-Chat-Id': 'canary-chat',
    };
    const list = await fetch(`${stack.facts.edge_url}/v1/models`, { headers });
    const { object, data } = (await list.json()) as {
      object: string;
      data: { id: string; object: string }[];
    };
    expect(object).toBe('list');
    expect(data.every((model) => model.id !== '' && model.object === 'model')).toBe(true);
    provider.requests.length = 0;
    const body = { model: loopback.chat, messages, stream: true, max_tokens: 1_000 };
    const url = `${stack.facts.edge_url}/v1/chat/completions`;
    const chat = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    expect([chat.status, chat.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/event-stream'),
    ]);
    const events = (await chat.text()).split('\n\n').filter((event) => event.startsWith('data: '));
    expect(events.at(-1)).toBe('data: [DONE]');
    // It was not asked for, so no chunk without choices may come.
    expect(events.filter((event) => event.includes('"choices":[]'))).toEqual([]);
    expect(JSON.stringify(provider.calls().map((call) => call.headers))).not.toMatch(
      /openwebui|canary|ada@/i,
    );
  });

  it('n8n 2.41: its OpenAI chat model (responses), its list of models and its HTTP node', async () => {
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'user-agent': 'langchainjs-openai/1.0.0 ((node/v24.0.0; linux; x64))',
    };
    const input = [{ type: 'message', role: 'user', content: 'hello' }];
    const responses = await fetch(`${stack.facts.edge_url}/v1/responses`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ input, model: loopback.chat, stream: false, text: {} }),
    });
    expect(responses.status).toBe(200);
    expect(await responses.json()).toMatchObject({ object: 'response', status: 'completed' });
    const chat = await fetch(`${stack.facts.edge_url}/v1/chat/completions`, {
      method: 'POST',
      headers: { ...headers, 'user-agent': 'n8n', connection: 'close' },
      body: JSON.stringify({ model: loopback.chat, stream: false, messages }),
    });
    expect(await chat.json()).toMatchObject({ choices: [{ message: { content: replyTo(prompt) } }] });
    expect((await fetch(`${stack.facts.edge_url}/v1/files`, { headers })).status).toBe(404);
  });

  it.each([loopback.anthropic, loopback.chat])('Anthropic for Node, with %s', async (model) => {
    const message = await anthropic.messages.create({ model, max_tokens: 64, messages });
    expect(message.content).toEqual([expect.objectContaining({ text: replyTo(prompt) })]);
    expect(message.usage.input_tokens).toBe(4);
    const streamed = await anthropic.messages.stream({ model, max_tokens: 64, messages }).finalMessage();
    expect(streamed.content).toEqual([expect.objectContaining({ text: replyTo(prompt) })]);
    expect(streamed.stop_reason).toBe('end_turn');
  });

  it('Anthropic for Node: errors have their class', async () => {
    const ask = (client: Anthropic, model: string) =>
      client.messages.create({ model, max_tokens: 8, messages });
    await expect(ask(anthropic, 'no-such-model')).rejects.toBeInstanceOf(Anthropic.NotFoundError);
    const stranger = new Anthropic({ apiKey: `${key}x`, baseURL: stack.facts.edge_url, maxRetries: 0 });
    await expect(ask(stranger, loopback.anthropic)).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
  });
});
