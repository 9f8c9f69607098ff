import { type FallbackWay, llmRoutes } from '@signalbox/gateway';
import { type CallBody, parseCallBody } from '../request/call-body';
import { fallbackBody, tenantPseudonym } from './fallback-body';

type Way = Pick<FallbackWay, 'via' | 'provider' | 'upstreamModel'>;

const openrouter: Way = { via: 'openrouter', provider: 'openrouter', upstreamModel: 'openai/gpt-4o' };
const openai: Way = { via: 'direct', provider: 'openai', upstreamModel: 'gpt-4o' };
const anthropic: Way = { via: 'direct', provider: 'anthropic', upstreamModel: 'claude-sonnet-4-5' };

function callBody(fields: Record<string, unknown>): CallBody {
  const { model, stream } = fields;
  return { model: String(model), isStream: stream === true, fields, contentType: 'application/json' };
}

function sent(
  way: Way,
  fields: Record<string, unknown>,
  routeName = 'chat_completions',
): Record<string, unknown> | null {
  const route = llmRoutes.find(({ name }) => name === routeName)!;
  const body = callBody({ model: 'smart', ...fields });
  const bytes = Buffer.from(JSON.stringify(body.fields));
  const made = fallbackBody({ way, route, body, bytes, workspaceId: 'ws_1' });
  return made && (JSON.parse(made.toString('utf8')) as Record<string, unknown>);
}

const messages = [{ role: 'user', content: 'hello' }];
/** What must reach whoever answers, untouched. */
const substance = {
  messages,
  tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
  tool_choice: 'auto',
  response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } },
  temperature: 0.1,
  max_completion_tokens: 9,
};

describe('the body of a call around LiteLLM', () => {
  it.each([
    ['OpenRouter', openrouter],
    ['a provider', openai],
  ])('keeps its substance on the way to %s; only the model’s name is another', (_where, way) => {
    expect(sent(way, substance)).toMatchObject({ ...substance, model: way.upstreamModel });
  });

  it('names no tenant to a provider, and a pseudonym to OpenRouter', () => {
    expect(sent(openai, { messages })).toEqual({ messages, model: 'gpt-4o' });
    const pseudonym = tenantPseudonym('ws_1');
    expect(pseudonym).toMatch(/^sb-[0-9a-f]{32}$/);
    expect(pseudonym).not.toBe(tenantPseudonym('ws_2'));
    expect(sent(openrouter, { messages })).toMatchObject({ user: pseudonym });
    expect(sent(openrouter, { messages, user: 'mine' })).toMatchObject({ user: 'mine' });
    expect(sent(openrouter, { messages }, 'messages')).toMatchObject({
      metadata: { user_id: pseudonym },
    });
    const metadata = { user_id: 'mine' };
    expect(sent(openrouter, { messages, metadata }, 'messages')).toMatchObject({ metadata });
  });

  it('asks for the usage of a stream, where the provider takes that', () => {
    const asked = { stream_options: { include_usage: true } };
    expect(sent(openai, { messages, stream: true })).toMatchObject(asked);
    expect(
      sent(openrouter, { messages, stream: true, stream_options: { include_usage: false } }),
    ).toMatchObject(asked);
    expect(sent(openai, { messages })).not.toHaveProperty('stream_options');
    expect(sent(openai, { input: 'x', stream: true }, 'responses')).not.toHaveProperty('stream_options');
    const mistral: Way = { via: 'direct', provider: 'mistral', upstreamModel: 'large' };
    expect(sent(mistral, { messages, stream: true, ...asked })).not.toHaveProperty('stream_options');
  });

  it('takes what only LiteLLM understands off', () => {
    const litellms = {
      tags: ['a'],
      guardrails: ['g'],
      cache: { 'no-cache': true },
      drop_params: true,
      timeout: 3,
      metadata: { team: { nested: true } },
    };
    expect(sent(openai, { messages, ...litellms })).toEqual({ messages, model: 'gpt-4o' });
  });

  it("leaves metadata where it is the dialect's own", () => {
    const metadata = { user_id: 'u' };
    expect(sent(anthropic, { messages, metadata }, 'messages')).toMatchObject({ metadata });
    expect(sent(openai, { input: 'x', metadata: { a: 'b' } }, 'responses')).toMatchObject({
      metadata: { a: 'b' },
    });
  });

  it('puts extra_body where LiteLLM puts it, but whether it is a stream stays', () => {
    const extra_body = { top_k: 5, stream: true, tags: ['x'], models: ['other/model'] };
    expect(sent(openrouter, { messages, extra_body })).toEqual({
      messages,
      top_k: 5,
      model: 'openai/gpt-4o',
      user: tenantPseudonym('ws_1'),
    });
  });

  it('lets nobody choose further models at OpenRouter', () => {
    const choosing = {
      models: ['anthropic/claude-opus-4.5'],
      route: 'fallback',
      preset: 'p',
      plugins: [{ id: 'fusion' }],
    };
    const sentBody = sent(openrouter, { messages, ...choosing, provider: { data_collection: 'deny' } });
    expect(sentBody).toMatchObject({ provider: { data_collection: 'deny' } });
    for (const name of Object.keys(choosing)) expect(sentBody).not.toHaveProperty(name);
    const tools = [{ type: 'openrouter:subagent', model: 'anthropic/claude-opus-4.5' }];
    expect(sent(openrouter, { messages, tools })).toBeNull();
    expect(sent(openrouter, { messages, extra_body: { tools } })).toBeNull();
  });

  it('sends a form as it came, or with the model’s name in it replaced', () => {
    const route = llmRoutes.find(({ name }) => name === 'audio_transcriptions')!;
    const formOf = (model: string): Buffer =>
      Buffer.from(
        [
          ['--b', 'content-disposition: form-data; name="model"', '', model].join('\r\n'),
          ['--b', 'content-disposition: form-data; name="file"; filename="a.wav"', '', 'RIFF'].join('\r\n'),
          '--b--\r\n',
        ].join('\r\n'),
      );
    const bytes = formOf('smart');
    const body = parseCallBody('multipart/form-data; boundary=b', bytes);
    const input = { route, body, bytes, workspaceId: 'ws_1' };
    expect(fallbackBody({ ...input, way: { ...openai, upstreamModel: 'smart' } })).toBe(bytes);
    expect(fallbackBody({ ...input, way: openai })?.toString()).toBe(formOf('gpt-4o').toString());
  });
});
