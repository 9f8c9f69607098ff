import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findForbiddenField } from './forbidden-fields';

interface LitellmFields {
  banned: string[];
  own: string[];
}
const fieldsFile = join(__dirname, '../test-data/litellm-1.103.1-body-fields.json');
const litellm = JSON.parse(readFileSync(fieldsFile, 'utf8')) as LitellmFields;

const names = (text: string): string[] => text.trim().split(/\s+/);
const bodyWith = (text: string): Record<string, unknown> =>
  Object.fromEntries(names(text).map((name) => [name, 1]));

/** LiteLLM counts these as its own, but they are harmless, or a part of a provider's API. */
const allowedOwn = new Set(
  names(`
    model metadata tags tag_regex id roles timeout request_timeout stream_timeout cache ttl guardrails drop_params
    allowed_openai_params max_file_size_mb data_residency merge_reasoning_content_in_choices keepalive_seconds
    disable_add_transform_inline_image_block enable_json_schema_validation ensure_alternating_roles
    user_continue_message assistant_continue_message supports_system_message bos_token eos_token
    final_prompt_value search_tool_name vector_store_id
  `),
);

const ordinary = {
  chat: {
    ...bodyWith(`
      model messages stream stream_options temperature top_p n max_tokens max_completion_tokens tools tool_choice
      response_format seed logprobs top_logprobs logit_bias user service_tier reasoning_effort parallel_tool_calls
      prediction modalities audio store web_search_options prompt_cache_key safety_identifier verbosity stop
      presence_penalty frequency_penalty top_k min_p repeat_penalty reasoning thinking provider transforms plugins
    `),
    metadata: bodyWith('tenant_id client_id priority headers tags organization'),
    extra_body: bodyWith('top_k chat_template_kwargs'),
  },
  responses: bodyWith(`
    model input instructions include previous_response_id prompt background conversation truncation text
    max_tool_calls max_output_tokens
  `),
  messages: bodyWith(`
    model system messages max_tokens stop_sequences thinking container metadata mcp_servers context_management
    cache_control output_config
  `),
  images: bodyWith('model prompt size quality style image[] mask background output_format'),
  audio: bodyWith('model file language timestamp_granularities[] voice speed'),
  rerank: bodyWith('model query documents top_n rank_fields return_documents max_chunks_per_doc'),
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

  it.each(litellm.own.filter((name) => !allowedOwn.has(name)))('%s steers LiteLLM', (name) => {
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
