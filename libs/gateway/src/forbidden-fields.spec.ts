import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findForbiddenField } from './forbidden-fields';

interface LitellmFields {
  banned: string[];
  own: string[];
}
const fieldsFile = join(__dirname, '../test-data/litellm-1.103.1-body-fields.json');
const litellm = JSON.parse(readFileSync(fieldsFile, 'utf8')) as LitellmFields;

/** LiteLLM counts these as its own, but they are harmless, or a part of a provider's API. */
const allowedOwn = [
  ...[
    'model',
    'metadata',
    'tags',
    'tag_regex',
    'id',
    'roles',
    'timeout',
    'request_timeout',
    'stream_timeout',
  ],
  ...[
    'cache',
    'ttl',
    'guardrails',
    'drop_params',
    'allowed_openai_params',
    'max_file_size_mb',
    'data_residency',
  ],
  ...['merge_reasoning_content_in_choices', 'disable_add_transform_inline_image_block', 'keepalive_seconds'],
  ...['enable_json_schema_validation', 'ensure_alternating_roles', 'user_continue_message'],
  ...[
    'assistant_continue_message',
    'supports_system_message',
    'bos_token',
    'eos_token',
    'final_prompt_value',
  ],
  ...['search_tool_name', 'vector_store_id'],
];

const ordinary = {
  chat: {
    ...{
      model: 'm',
      messages: [],
      stream: true,
      stream_options: { include_usage: true },
      temperature: 1,
      top_p: 1,
    },
    ...{
      n: 1,
      max_tokens: 1,
      max_completion_tokens: 1,
      tools: [],
      tool_choice: 'auto',
      response_format: {},
      seed: 1,
    },
    ...{
      logprobs: true,
      top_logprobs: 2,
      logit_bias: {},
      user: 'u',
      service_tier: 'auto',
      reasoning_effort: 'low',
    },
    ...{
      parallel_tool_calls: true,
      prediction: {},
      modalities: [],
      audio: {},
      store: false,
      web_search_options: {},
    },
    ...{
      prompt_cache_key: 'x',
      safety_identifier: 'x',
      verbosity: 'low',
      stop: [],
      presence_penalty: 0,
      top_k: 1,
    },
    ...{
      min_p: 0,
      repeat_penalty: 1,
      reasoning: {},
      thinking: {},
      provider: {},
      transforms: [],
      plugins: [],
    },
    metadata: {
      tenant_id: 'acme',
      client_id: '7',
      priority: 'high',
      headers: 'x',
      tags: ['a'],
      organization: 'o',
    },
    extra_body: { top_k: 5, chat_template_kwargs: { thinking: false } },
  },
  responses: {
    ...{
      model: 'm',
      input: 'x',
      instructions: '',
      include: [],
      previous_response_id: 'r',
      prompt: { id: 'p' },
    },
    ...{ background: false, conversation: 'c', truncation: 'auto', text: {}, max_tool_calls: 1 },
  },
  messages: {
    ...{
      model: 'm',
      system: '',
      messages: [],
      max_tokens: 1,
      stop_sequences: [],
      thinking: {},
      container: 'c',
    },
    ...{ metadata: { user_id: 'u' }, mcp_servers: [], context_management: {}, cache_control: {} },
  },
  images: {
    model: 'm',
    prompt: 'x',
    size: '1x1',
    quality: 'low',
    style: 'vivid',
    'image[]': 'file',
    mask: 'file',
  },
  audio: {
    model: 'm',
    file: 'f',
    language: 'en',
    'timestamp_granularities[]': 'word',
    voice: 'x',
    speed: '1',
  },
  rerank: { model: 'm', query: 'q', documents: [], top_n: 1, rank_fields: [], return_documents: true },
};

describe('body fields that clients must not set', () => {
  it.each(Object.entries(ordinary))('are not in an ordinary body of %s', (_name, body) => {
    expect(findForbiddenField(body)).toBeNull();
  });

  it.each(litellm.banned)('%s is banned by LiteLLM, so it is here, wherever it hides', (name) => {
    expect(findForbiddenField({ model: 'm', [name]: 1 })).toBe(name);
    expect(findForbiddenField({ metadata: { [name]: 1 } })).toBe(`metadata.${name}`);
    expect(findForbiddenField({ metadata: JSON.stringify({ [name]: 1 }) })).toBe(`metadata.${name}`);
    expect(findForbiddenField({ extra_body: { [name]: 1 } })).toBe(`extra_body.${name}`);
    expect(findForbiddenField({ extra_body: JSON.stringify({ [name]: 1 }) })).toBe(`extra_body.${name}`);
    expect(findForbiddenField({ extra_body: { metadata: { [name]: 1 } } })).toBe(
      `extra_body.metadata.${name}`,
    );
    expect(findForbiddenField({ [`metadata[${name}]`]: 1 })).toBe(`metadata[${name}]`);
  });

  it.each(litellm.own.filter((name) => !allowedOwn.includes(name)))('%s steers LiteLLM', (name) => {
    expect(findForbiddenField({ model: 'm', [name]: null })).toBe(name);
    expect(findForbiddenField({ extra_body: { [name]: null } })).toBe(`extra_body.${name}`);
  });

  it.each([
    'api_key',
    'fallbacks',
    'models',
    'mock_response',
    'mock_testing_fallbacks',
    'litellm_metadata',
    'litellm_params',
    'user_api_key_team_id',
    'silent_model',
    'extra_headers',
    'headers',
    'router_settings_override',
    'num_retries',
  ])('%s', (name) => {
    expect(findForbiddenField({ [name]: 1 })).toBe(name);
  });

  it.each([
    [{ extra_body: { model: 'other' } }, 'extra_body.model'],
    [{ extra_body: { extra_body: { api_base: 'x' } } }, 'extra_body.extra_body'],
    [{ metadata: { user_api_key_team_id: 'ws_2' } }, 'metadata.user_api_key_team_id'],
    [{ metadata: { model_info: { id: 'dep' } } }, 'metadata.model_info'],
    [{ 'extra_body[api_base]': 'x' }, 'extra_body[api_base]'],
    [{ 'litellm_metadata[x]': 'y' }, 'litellm_metadata[x]'],
  ])('%j', (body, field) => {
    expect(findForbiddenField(body)).toBe(field);
  });

  it('are not looked for in plain labels or in what the model reads', () => {
    expect(
      findForbiddenField({ metadata: 'not json', extra_body: 7, messages: [{ api_key: 'x' }] }),
    ).toBeNull();
    expect(findForbiddenField({ metadata: null, extra_body: null, tools: [{ base_url: 'x' }] })).toBeNull();
  });
});
