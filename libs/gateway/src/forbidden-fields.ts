import { isRecord } from '@signalbox/common';

/**
 * Body fields with which a client would choose what only the operator may choose: the provider's address, its
 * credentials, the price, the route, LiteLLM's inner workings. LiteLLM obeys many of them (a client's `api_key` makes
 * a deployment of its own, `fallbacks` and `models` reach models that are on nobody's list), so they are refused here.
 * Source: the ban list, all_litellm_params and the router's keyword arguments of LiteLLM 1.103.1; a test holds
 * this file against that list. LiteLLM's own ban list stays behind it as a second lock.
 */

function names(text: string): string[] {
  return text.trim().split(/\s+/);
}

/** Dangerous wherever LiteLLM reads them: at the top, in metadata, in extra_body. */
const forbiddenEverywhere = new Set([
  // Address and credentials
  ...names(`
    api_key api_base base_url api_version user_config model_list model_info deployment_url
    nvcf_function_id use_ssl ssl_verify slack_webhook_url
  `),
  // Prices that do not say "cost" in their name
  ...names(`
    tiered_pricing output_vector_size regional_endpoint_uplift_multiplier
    regional_processing_uplift_multiplier_eu regional_processing_uplift_multiplier_us
  `),
  // What LiteLLM keeps for itself
  ...names(`
    proxy_server_request secret_fields standard_logging_object turn_off_message_logging no-log
    disable_global_guardrail disable_global_guardrails opted_out_global_guardrails specific_deployment
    original_model_group rust
  `),
]);

/** Whole families: identity, mocks, LiteLLM's own, cloud credentials, where logs and traces go. */
const forbiddenPrefixes = names(`
    user_api_key litellm_ mock_ _ aws_ vertex_ azure_ gcs_ s3_ bedrock_ sagemaker_ watsonx_ valkey_
    milvus_ arize_ braintrust_ dd_ humanloop_ langfuse_ langsmith_ lunary_ newrelic_ posthog_ wandb_
    weave_
`);

/** `input_cost_per_token`, `cache_read_input_token_cost_flex`, `cost_per_query` ... */
const pricePattern = /(^|_)(cost|costs)(_|$)/;

/** Steer LiteLLM at the top of the body only; in `metadata` they are a client's own labels and do no harm. */
const forbiddenAtTop = new Set([
  // More models than the one that was checked
  ...names(`
    models fallbacks default_fallbacks context_window_fallbacks content_policy_fallbacks
    context_window_fallback_dict disable_fallbacks max_fallbacks fallback_depth attempted_targets
    silent_model fastest_response model_config model_alias_map model_group_alias base_model
    hf_model_name prompt_id prompt_variables prompt_label prompt_version prompt_environment
  `),
  // Routing and retries
  ...names(`
    custom_llm_provider router_settings_override routing_strategy routing_strategy_args routing_groups
    weights weight order priority num_retries max_retries retry_policy retry_strategy
    model_group_retry_policy passthrough_on_no_deployment enable_tag_filtering cooldown_time
    allowed_model_region region_name configurable_clientside_auth_params auto_router_config
    auto_router_config_path auto_router_default_model auto_router_embedding_model
    auto_router_max_input_chars auto_router_model_compression auto_router_routing_compression
    adaptive_router_config adaptive_router_default_model complexity_router_config
    complexity_router_default_model quality_router_config quality_router_default_model
  `),
  // Limits and budgets
  ...names(`
    rpm tpm itpm otpm tpd max_parallel_requests max_budget budget_duration default_api_key_rpm_limit
    default_api_key_tpm_limit max_agentic_loops
  `),
  // Headers and credentials for the provider
  ...names(`
    headers extra_headers extra_query provider_specific_header organization client_id client_secret
    tenant_id azure
  `),
  // Code, clients, caches and callbacks of LiteLLM's process
  ...names(`
    callbacks success_callback failure_callback service_callback logger_fn client shared_session
    cache_key preset_cache_key caching caching_groups original_function custom_prompt_dict force_timeout
    client_side_timeout allow_client_keepalive_override use_client use_litellm_proxy use_in_pass_through
    use_xai_oauth use_chat_completions_api acompletion aembedding aimg_generation atext_completion
    allm_passthrough_route async_call text_completion complete_response stream_response
    completion_call_id model_file_id_mapping self verbose enable_prompt_caching applied_guardrails
    applied_policies policy_sources guardrail_scan_ids guardrail_scan_metadata routing_decision
    pillar_response_headers
  `),
]);

const metadataContainer = 'metadata';
const bodyContainer = 'extra_body';

function isForbiddenEverywhere(name: string): boolean {
  return (
    forbiddenEverywhere.has(name) ||
    forbiddenPrefixes.some((prefix) => name.startsWith(prefix)) ||
    pricePattern.test(name)
  );
}

function isForbiddenAtTop(name: string): boolean {
  return forbiddenAtTop.has(name) || isForbiddenEverywhere(name);
}

/** LiteLLM also takes these containers as JSON text (form fields); text that is no JSON object stays a plain label. */
function readContainer(value: unknown): Record<string, unknown> | null {
  if (isRecord(value)) return value;
  if (typeof value !== 'string') return null;
  try {
    const parsed: unknown = JSON.parse(value);
    return isRecord(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function findInMetadata(value: unknown, path: string): string | null {
  const container = readContainer(value);
  const name = container && Object.keys(container).find(isForbiddenEverywhere);
  return name ? `${path}.${name}` : null;
}

/** Form fields spell nested names as `metadata[api_base]`; LiteLLM folds them into metadata. */
function findInFormName(name: string): string | null {
  const match = /^([a-z_]+)\[([^\]]*)/.exec(name);
  if (!match) return null;
  const [, container = '', inner = ''] = match;
  return isForbiddenAtTop(container) || isForbiddenEverywhere(inner) ? name : null;
}

function findAtTop(body: Record<string, unknown>, path: string): string | null {
  for (const name of Object.keys(body)) {
    if (isForbiddenAtTop(name) || findInFormName(name)) return path + name;
  }
  return findInMetadata(body[metadataContainer], path + metadataContainer);
}

/** `extra_body` is merged into what goes to the provider: there `model` itself would replace the checked one. */
function findInExtraBody(value: unknown): string | null {
  const container = readContainer(value);
  if (!container) return null;
  if (Object.hasOwn(container, 'model')) return `${bodyContainer}.model`;
  if (Object.hasOwn(container, bodyContainer)) return `${bodyContainer}.${bodyContainer}`;
  return findAtTop(container, `${bodyContainer}.`);
}

/** @returns the path of the first field that a client must not set, such as `extra_body.api_base`, or null */
export function findForbiddenField(body: Record<string, unknown>): string | null {
  return findAtTop(body, '') ?? findInExtraBody(body[bodyContainer]);
}
