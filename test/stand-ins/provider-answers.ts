import { randomUUID } from 'node:crypto';

/**
 * What a provider says, in OpenAI's and in Anthropic's dialect. Pure but for the ids: LiteLLM keeps one spend row per
 * provider response id and drops repeats without a word (LiteLLM_SpendLogs.request_id), so each answer has its own.
 */
export type JsonRecord = Record<string, unknown>;

export type ProviderAnswer =
  | { kind: 'json'; status: number; body: JsonRecord }
  /** Complete server-sent events, the last one being the dialect's good end. */
  | { kind: 'stream'; events: string[] };

const embeddingSize = 8;

/** The canned reply depends on the prompt alone, so that a client can tell a complete answer from a torn or a foreign one. */
export function replyTo(prompt: string): string {
  return `Line clear, train follows. You said: ${prompt} End of message.`;
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part) => (isRecord(part) && typeof part['text'] === 'string' ? part['text'] : ''))
    .join('');
}

function lastMessageText(list: unknown): string {
  if (!Array.isArray(list)) return typeof list === 'string' ? list : '';
  const last: unknown = list.at(-1);
  return isRecord(last) ? textOf(last['content']) : typeof last === 'string' ? last : '';
}

/** One token per word: exact figures that a test can work out by itself. */
export function countTokens(text: string): number {
  return text.split(/\s+/).filter(Boolean).length;
}

function wordsOf(text: string): string[] {
  return text.split(/(?<=\s)/);
}

function modelOf(body: JsonRecord): string {
  return typeof body['model'] === 'string' ? body['model'] : 'unnamed';
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}

function json(body: JsonRecord, status = 200): ProviderAnswer {
  return { kind: 'json', status, body };
}

function dataEvent(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

function namedEvent(name: string, value: JsonRecord): string {
  return `event: ${name}\ndata: ${JSON.stringify({ type: name, ...value })}\n\n`;
}

function openaiUsage(prompt: string, reply: string): JsonRecord {
  const promptTokens = countTokens(prompt);
  const completionTokens = countTokens(reply);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}

/** A model that is given tools asks for the first of them, with the prompt as its only argument. */
export function toolArguments(prompt: string): string {
  return JSON.stringify({ text: prompt });
}

function firstToolName(body: JsonRecord): string | null {
  const [tool] = Array.isArray(body['tools']) ? (body['tools'] as unknown[]) : [];
  if (!isRecord(tool)) return null;
  const named = isRecord(tool['function']) ? tool['function'] : tool;
  return typeof named['name'] === 'string' ? named['name'] : null;
}

/** With a response_format the reply is JSON, as was asked for. */
function replyInFormat(body: JsonRecord, prompt: string): string {
  const format = body['response_format'];
  const isJson = isRecord(format) && String(format['type']).startsWith('json');
  return isJson ? JSON.stringify({ reply: replyTo(prompt) }) : replyTo(prompt);
}

export function chatAnswer(body: JsonRecord): ProviderAnswer {
  const prompt = lastMessageText(body['messages']);
  const reply = replyInFormat(body, prompt);
  const usage = openaiUsage(prompt, reply);
  const base = { id: `chatcmpl-${randomUUID()}`, created: nowSeconds(), model: modelOf(body) };
  const tool = firstToolName(body);
  const toolCall = {
    id: `call_${randomUUID().slice(0, 8)}`,
    type: 'function',
    function: { name: tool, arguments: toolArguments(prompt) },
  };
  if (body['stream'] !== true) {
    if (tool !== null) {
      const message = { role: 'assistant', content: null, tool_calls: [toolCall] };
      return json({
        ...base,
        object: 'chat.completion',
        choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
        usage,
      });
    }
    const message = { role: 'assistant', content: reply };
    return json({
      ...base,
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: 'stop' }],
      usage,
    });
  }
  const chunk = (delta: JsonRecord, finishReason: string | null = null): string =>
    dataEvent({
      ...base,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason: finishReason }],
    });
  const options = body['stream_options'];
  const wantsUsage = isRecord(options) && options['include_usage'] === true;
  const pieces =
    tool === null
      ? [...wordsOf(reply).map((word) => chunk({ content: word })), chunk({}, 'stop')]
      : [
          chunk({ tool_calls: [{ index: 0, ...toolCall, function: { name: tool, arguments: '' } }] }),
          ...wordsOf(toolArguments(prompt)).map((piece) =>
            chunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] }),
          ),
          chunk({}, 'tool_calls'),
        ];
  return {
    kind: 'stream',
    events: [
      chunk({ role: 'assistant', content: '' }),
      ...pieces,
      ...(wantsUsage ? [dataEvent({ ...base, object: 'chat.completion.chunk', choices: [], usage })] : []),
      'data: [DONE]\n\n',
    ],
  };
}

export function completionAnswer(body: JsonRecord): ProviderAnswer {
  const prompt = lastMessageText(body['prompt']);
  const reply = replyTo(prompt);
  const base = {
    id: `cmpl-${randomUUID()}`,
    object: 'text_completion',
    created: nowSeconds(),
    model: modelOf(body),
  };
  const choice = (text: string, finishReason: string | null): JsonRecord => ({
    choices: [{ index: 0, text, logprobs: null, finish_reason: finishReason }],
  });
  if (body['stream'] !== true) {
    return json({ ...base, ...choice(reply, 'stop'), usage: openaiUsage(prompt, reply) });
  }
  return {
    kind: 'stream',
    events: [
      ...wordsOf(reply).map((word) => dataEvent({ ...base, ...choice(word, null) })),
      dataEvent({ ...base, ...choice('', 'stop') }),
      'data: [DONE]\n\n',
    ],
  };
}

export function responsesAnswer(body: JsonRecord): ProviderAnswer {
  const prompt = lastMessageText(body['input']);
  const reply = replyTo(prompt);
  const itemId = `msg_${randomUUID()}`;
  const part = { type: 'output_text', text: reply, annotations: [] };
  const item = { id: itemId, type: 'message', role: 'assistant', status: 'completed', content: [part] };
  const response = {
    id: `resp_${randomUUID()}`,
    object: 'response',
    created_at: nowSeconds(),
    model: modelOf(body),
    status: 'completed',
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    output: [item],
    usage: {
      input_tokens: countTokens(prompt),
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: countTokens(reply),
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: countTokens(prompt) + countTokens(reply),
    },
  };
  if (body['stream'] !== true) return json(response);
  return { kind: 'stream', events: responseEvents(response, item, part, reply) };
}

function responseEvents(response: JsonRecord, item: JsonRecord, part: JsonRecord, reply: string): string[] {
  const place = { item_id: item['id'], output_index: 0, content_index: 0 };
  const begun = { ...response, status: 'in_progress', output: [], usage: null };
  const events: [string, JsonRecord][] = [
    ['response.created', { response: begun }],
    ['response.in_progress', { response: begun }],
    [
      'response.output_item.added',
      { output_index: 0, item: { ...item, status: 'in_progress', content: [] } },
    ],
    ['response.content_part.added', { ...place, part: { ...part, text: '' } }],
    ...wordsOf(reply).map((delta): [string, JsonRecord] => [
      'response.output_text.delta',
      { ...place, delta, logprobs: [] },
    ]),
    ['response.output_text.done', { ...place, text: reply, logprobs: [] }],
    ['response.content_part.done', { ...place, part }],
    ['response.output_item.done', { output_index: 0, item }],
    ['response.completed', { response }],
  ];
  return events.map(([name, value], index) => namedEvent(name, { ...value, sequence_number: index }));
}

function embeddingOf(text: string): number[] {
  return Array.from({ length: embeddingSize }, (_, index) => (text.charCodeAt(index) || 0) / 256);
}

/** OpenAI's SDKs ask for base64 (little-endian floats) unless told otherwise. */
export function embeddingsAnswer(body: JsonRecord): ProviderAnswer {
  const input: unknown = body['input'];
  const texts = (Array.isArray(input) ? input : [input]).map(String);
  const data = texts.map((text, index) => {
    const vector = embeddingOf(text);
    const embedding =
      body['encoding_format'] === 'base64'
        ? Buffer.from(Float32Array.from(vector).buffer).toString('base64')
        : vector;
    return { object: 'embedding', index, embedding };
  });
  const tokens = texts.reduce((sum, text) => sum + countTokens(text), 0);
  return json({
    object: 'list',
    data,
    model: modelOf(body),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  });
}

export function imageAnswer(): ProviderAnswer {
  const onePixel =
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  return json({ created: nowSeconds(), data: [{ b64_json: onePixel }] });
}

export function modelsAnswer(names: readonly string[]): ProviderAnswer {
  const data = names.map((id) => ({ id, object: 'model', created: 1_700_000_000, owned_by: 'stand-in' }));
  return json({ object: 'list', data });
}

export function messagesAnswer(body: JsonRecord): ProviderAnswer {
  const prompt = lastMessageText(body['messages']);
  const reply = replyTo(prompt);
  const inputTokens = countTokens(prompt);
  const base = { id: `msg_${randomUUID()}`, type: 'message', role: 'assistant', model: modelOf(body) };
  const content = [{ type: 'text', text: reply }];
  const usage = { input_tokens: inputTokens, output_tokens: countTokens(reply) };
  if (body['stream'] !== true) {
    return json({ ...base, content, stop_reason: 'end_turn', stop_sequence: null, usage });
  }
  const begun = {
    ...base,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...usage, output_tokens: 1 },
  };
  return {
    kind: 'stream',
    events: [
      namedEvent('message_start', { message: begun }),
      namedEvent('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
      namedEvent('ping', {}),
      ...wordsOf(reply).map((text) =>
        namedEvent('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
      ),
      namedEvent('content_block_stop', { index: 0 }),
      namedEvent('message_delta', {
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: { output_tokens: usage.output_tokens },
      }),
      namedEvent('message_stop', {}),
    ],
  };
}

export function countTokensAnswer(body: JsonRecord): ProviderAnswer {
  return json({ input_tokens: countTokens(lastMessageText(body['messages'])) });
}

const errorTypes: Record<number, string> = {
  401: 'authentication_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
};

export function errorAnswer(
  dialect: 'openai' | 'anthropic',
  status: number,
  message: string,
): ProviderAnswer {
  const type = errorTypes[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');
  if (dialect === 'anthropic') return json({ type: 'error', error: { type, message } }, status);
  return json(
    { error: { message, type, code: status === 401 ? 'invalid_api_key' : null, param: null } },
    status,
  );
}
