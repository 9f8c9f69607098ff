import type { ModelMode, ReleasedDeployment, ReleasedModel } from '@signalbox/database';
import { isWildcard } from '@signalbox/domain/models';
import { providerKind } from '@signalbox/domain/providers';
import {
  type ConfigSnapshot,
  servedDeployments,
  type SnapshotDeployment,
  type SnapshotModel,
} from './config-snapshot';
import { toLitellmYaml } from './litellm-yaml';

export interface CompiledConfig {
  config: LitellmConfig;
  yaml: string;
  /** Sorted; LiteLLM's /model/info must show exactly these. */
  deploymentIds: string[];
  models: ReleasedModel[];
}

export interface LitellmModelEntry {
  model_name: string;
  litellm_params: Record<string, unknown>;
  model_info: Record<string, unknown>;
}

export interface LitellmConfig {
  model_list: LitellmModelEntry[];
  litellm_settings: Record<string, unknown>;
  router_settings: Record<string, unknown>;
  general_settings: Record<string, unknown>;
}

/**
 * Stands in every deployment whose provider wants a key: the key of a call is put in its place by our hook, for that call only. Where the
 * hook should ever be passed by, the provider refuses; without any api_key LiteLLM would take the vendor's variable from its
 * environment, and so let the platform pay or hand its key to a stranger's server.
 */
export const missingCredentialKey = 'byok-credential-missing';
/** The same for servers that ask for no key. */
export const noKeyNeeded = 'no-key-needed';

const demoAnswer =
  'This is a canned answer of the Signalbox demo model: no provider was called. Add a provider and a model to get real ones.';

/** A text would come back as the embedding itself (mock_functions.py). */
const demoEmbedding = [0.12, -0.34, 0.56, -0.78, 0.9, -0.11, 0.22, -0.33];

/** Without prices LiteLLM books some demo calls at those of a real model: $0.014 for one of /v1/messages. */
function demoParams(mode: ModelMode, given: Record<string, unknown>): Record<string, unknown> {
  const answer = mode === 'embedding' ? demoEmbedding : (given['mock_response'] ?? demoAnswer);
  return { input_cost_per_token: 0, output_cost_per_token: 0, ...given, mock_response: answer };
}

const header =
  ' Compiled by Signalbox from its catalogue. Changes belong there: a file that is edited is overwritten.';

/** Settings that each release has. Why: facts learned by running LiteLLM 1.103.1, see docs/config-releases.md. */
const litellmSettings = {
  callbacks: ['signalbox_litellm.hook.attempt_reporter'],
  drop_params: true,
  // Retries and fallbacks are decided at the edge, per tenant.
  num_retries: 0,
  // Unset it would be 6000 s.
  request_timeout: 600,
  turn_off_message_logging: true,
  json_logs: true,
  // Else /v1/messages on an openai/ deployment goes to /responses, which many compatible servers lack.
  use_chat_completions_url_for_anthropic_messages: true,
  // Else LiteLLM fetches tokenizers of some models from huggingface.co in the midst of a call, and answers nobody until it has them.
  disable_hf_tokenizer_download: true,
};

const routerSettings = {
  routing_strategy: 'simple-shuffle',
  num_retries: 0,
  // A cooldown is shared by all tenants: one tenant's bad key would close a deployment for everybody.
  disable_cooldowns: true,
};

const generalSettings = {
  master_key: 'os.environ/LITELLM_MASTER_KEY',
  custom_auth: 'signalbox_litellm.auth.user_api_key_auth',
  store_model_in_db: false,
  store_prompts_in_spend_logs: false,
};

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** Names in order, at every depth, so that equal catalogues give equal texts. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([left], [right]) => compareText(left, right));
  return Object.fromEntries(entries.map(([name, item]) => [name, sorted(item)]));
}

/** Kinds that this version does not know are taken to need one. */
function needsKey({ provider }: SnapshotDeployment): boolean {
  return providerKind(provider.kind)?.needsKey ?? true;
}

/** What our hook in LiteLLM must know of the deployment; see docs/config-releases.md. */
function hookInfo(deployment: SnapshotDeployment, { openrouterId }: SnapshotModel): Record<string, unknown> {
  const { id, environmentKeys } = deployment.provider;
  const variables = environmentKeys.map(({ credentialId, variable }) => [credentialId, variable] as const);
  return {
    provider_id: id,
    needs_key: needsKey(deployment),
    env: sorted(Object.fromEntries(variables)),
    // For the edge, not for the hook: here it makes a changed id a changed release.
    ...(openrouterId === null ? {} : { openrouter_id: openrouterId }),
  };
}

export function litellmModelOf(mode: ModelMode, { upstreamModel, provider }: SnapshotDeployment): string {
  const kind = providerKind(provider.kind);
  const prefix = kind?.litellmPrefixByMode[mode] ?? kind?.litellmPrefix ?? null;
  return prefix === null ? upstreamModel : `${prefix}/${upstreamModel}`;
}

export function baseUrlOf({ baseUrl, provider }: SnapshotDeployment): string | null {
  return baseUrl ?? provider.baseUrl ?? providerKind(provider.kind)?.defaultBaseUrl ?? null;
}

/** LiteLLM has its own idea, for some providers, of where an address ends. The edge, which calls them direct, does not share it. */
function apiBaseOf(kind: string, baseUrl: string, mode: ModelMode): string {
  return providerKind(kind)?.litellmBaseUrl(baseUrl, mode) ?? baseUrl;
}

/**
 * The target is not theirs to set, whatever an old row says. And `order` is the edge's: where deployments of a model differ in it, LiteLLM
 * tries the next order itself after any failure (router.py, order-based fallbacks), which the pinned deployment turns into a 429
 * "no deployments available" in place of the provider's own error.
 */
function furtherParams(params: Record<string, unknown>): Record<string, unknown> {
  const { model: _model, api_key: _apiKey, api_base: _apiBase, order: _order, ...further } = params;
  return sorted(further) as Record<string, unknown>;
}

function entryOf(model: SnapshotModel, deployment: SnapshotDeployment): LitellmModelEntry {
  const baseUrl = baseUrlOf(deployment);
  const { litellmParams: given, provider } = deployment;
  const params = provider.kind === 'demo' ? demoParams(model.mode, given) : given;
  const target = {
    model: litellmModelOf(model.mode, deployment),
    api_key: needsKey(deployment) ? missingCredentialKey : noKeyNeeded,
    ...(baseUrl === null ? {} : { api_base: apiBaseOf(provider.kind, baseUrl, model.mode) }),
  };
  return {
    model_name: model.name,
    litellm_params: { ...target, ...furtherParams(params) },
    // One mode would be wrong for most models behind a wildcard.
    model_info: {
      id: deployment.id,
      ...(isWildcard(model.name) ? {} : { mode: model.mode }),
      signalbox: hookInfo(deployment, model),
    },
  };
}

function inOrder(snapshot: ConfigSnapshot): { model: SnapshotModel; deployments: SnapshotDeployment[] }[] {
  return snapshot.models
    .map((model) => ({
      model,
      deployments: servedDeployments(model).sort((left, right) => compareText(left.id, right.id)),
    }))
    .filter(({ deployments }) => deployments.length > 0)
    .sort((left, right) => compareText(left.model.name, right.model.name));
}

/**
 * LiteLLM's simple-shuffle takes the first of these that any deployment of the model sets; one that does not set it counts as 0
 * (router_strategy/simple_shuffle.py). The edge chooses by the same rule.
 */
function shareName(deployments: readonly SnapshotDeployment[]): string | undefined {
  return ['weight', 'rpm', 'tpm'].find((name) =>
    deployments.some(({ litellmParams }) => numberOf(litellmParams[name], 0) > 0),
  );
}

/** Where some deployments of a model have an `order`, those without come last (get_order_filtered_deployments). */
const lastOrder = 1_000_000;

/** A row may be older than the checks of its parameters, and one odd value must not make the whole catalogue unreadable. */
function numberOf(value: unknown, fallback: number): number {
  return typeof value === 'number' && value >= 0 && value <= lastOrder ? value : fallback;
}

function releasedDeployments(deployments: readonly SnapshotDeployment[]): ReleasedDeployment[] {
  const share = shareName(deployments);
  return deployments.map((deployment) => ({
    id: deployment.id,
    provider_id: deployment.provider.id,
    provider_kind: deployment.provider.kind,
    needs_key: needsKey(deployment),
    credential_id: deployment.credentialId,
    weight: share === undefined ? 1 : numberOf(deployment.litellmParams[share], 0),
    order: Math.trunc(numberOf(deployment.litellmParams['order'], lastOrder)),
    upstream_model: deployment.upstreamModel,
    base_url: baseUrlOf(deployment),
  }));
}

/** Pure: the same catalogue gives the same text, whatever the order of its rows. */
export function compileLitellmConfig(snapshot: ConfigSnapshot): CompiledConfig {
  const served = inOrder(snapshot);
  const config: LitellmConfig = {
    model_list: served.flatMap(({ model, deployments }) =>
      deployments.map((deployment) => entryOf(model, deployment)),
    ),
    litellm_settings: litellmSettings,
    router_settings: routerSettings,
    general_settings: generalSettings,
  };
  return {
    config,
    yaml: toLitellmYaml(config, header),
    deploymentIds: served.flatMap(({ deployments }) => deployments.map(({ id }) => id)).sort(compareText),
    models: served.map(({ model, deployments }) => ({
      name: model.name,
      mode: model.mode,
      is_demo: deployments.every(({ provider }) => provider.kind === 'demo'),
      deployment_ids: deployments.map(({ id }) => id),
      deployments: releasedDeployments(deployments),
      openrouter_id: model.openrouterId,
    })),
  };
}
