import { isWildcard, litellmParamProblem } from '@signalbox/domain/models';
import { isProviderKind, providerKind } from '@signalbox/domain/providers';
import { baseUrlOf, litellmModelOf } from '../compile-litellm-config';
import type { SnapshotDeployment, SnapshotModel } from '../config-snapshot';
import { finding, type LintFinding } from '../lint-finding';
import { litellmPrefixes } from '../litellm-prefixes';

export interface DeploymentContext {
  model: SnapshotModel;
  deployment: SnapshotDeployment;
  /** Where the finding is. */
  path: string;
}

type DeploymentRule = (context: DeploymentContext) => LintFinding[];

const kindIsKnown: DeploymentRule = ({ deployment, path }) =>
  isProviderKind(deployment.provider.kind)
    ? []
    : [
        finding(
          'kind_unknown',
          path,
          `This version does not know the provider kind ${deployment.provider.kind}.`,
          'Update Signalbox, or move the deployment to another provider.',
        ),
      ];

const baseUrlIsThere: DeploymentRule = ({ deployment, path }) =>
  providerKind(deployment.provider.kind)?.baseUrl === 'required' && baseUrlOf(deployment) === null
    ? [
        finding(
          'base_url_missing',
          path,
          `${deployment.provider.kind} needs an address, and neither the deployment nor its provider has one. LiteLLM would send the calls to OpenAI.`,
          'Set base_url on the provider or on the deployment.',
        ),
      ]
    : [];

const baseUrlFitsDialect: DeploymentRule = ({ deployment, path }) => {
  const url = baseUrlOf(deployment);
  if (url === null) return [];
  const { kind } = deployment.provider;
  const endsWithV1 = new URL(url).pathname.endsWith('/v1');
  if (endsWithV1 && (kind === 'anthropic' || kind === 'ollama')) {
    const advice = 'Take /v1 off the end of base_url: LiteLLM adds the path itself.';
    return [finding('base_url_path_suspicious', path, `For ${kind}, ${url} ends with /v1.`, advice)];
  }
  if (!endsWithV1 && (kind === 'vllm' || (kind === 'openai_compatible' && new URL(url).pathname === '/'))) {
    const advice = 'Most such servers answer below /v1: put it at the end of base_url if yours does.';
    return [finding('base_url_path_suspicious', path, `For ${kind}, ${url} does not end with /v1.`, advice)];
  }
  return [];
};

const credentialIsThere: DeploymentRule = ({ deployment, path }) => {
  const { credential, provider } = deployment;
  const kind = providerKind(provider.kind);
  if (credential && !credential.enabled) {
    const message = `The platform's key for it (${credential.id}) is switched off, or its variable is no longer in the environment. Only workspaces with their own key can call it.`;
    const advice = 'Switch the credential on again, set its variable, or give the deployment another one.';
    return [finding('credential_disabled', path, message, advice)];
  }
  if (credential || !kind?.needsKey) return [];
  const message = `The platform has no key for ${provider.name}. Only workspaces with their own key can call it.`;
  const variable = kind.environmentVariable ? `set ${kind.environmentVariable} and start anew` : null;
  const advice = `Nothing to do if that is meant; else save one (POST /api/v1/credentials)${variable ? `, or ${variable}` : ''}.`;
  return [finding('credential_missing', path, message, advice)];
};

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

const keyGoesWhereItBelongs: DeploymentRule = ({ deployment, path }) => {
  const { credential, provider } = deployment;
  const url = baseUrlOf(deployment);
  if (url === null || !credential?.enabled) return [];
  const { protocol, hostname, host } = new URL(url);
  const findings: LintFinding[] = [];
  if (providerKind(provider.kind)?.environmentVariable) {
    const message = `Keys, the platform's (${credential.id}) and tenants' own, are sent to ${host}, not to the vendor.`;
    const advice = 'Right for a proxy of your own; else remove base_url or the credential.';
    findings.push(finding('platform_key_to_other_host', path, message, advice));
  }
  if (protocol === 'http:' && !loopback.test(hostname)) {
    const message = `The key is sent to ${host} without encryption.`;
    findings.push(finding('key_sent_in_clear', path, message, 'Use https:// in base_url.'));
  }
  return findings;
};

/** Rows may be older than the list of allowed names. */
const paramsAreAllowed: DeploymentRule = ({ deployment, path }) =>
  Object.entries(deployment.litellmParams).flatMap(([name, value]) => {
    const problem = litellmParamProblem(name, value, deployment.provider.kind);
    if (problem === null) return [];
    const advice = 'Remove it from the deployment, or give it an allowed value (docs/config-releases.md).';
    return [finding('param_not_allowed', `${path}.litellm_params.${name}`, `${name} ${problem}.`, advice)];
  });

const prefixIsKnown: DeploymentRule = ({ model, deployment, path }) => {
  if (providerKind(deployment.provider.kind)?.litellmPrefix !== null) return [];
  const prefix = litellmModelOf(model.mode, deployment).split('/')[0] ?? '';
  if (deployment.upstreamModel.includes('/') && litellmPrefixes.has(prefix)) return [];
  const message = `LiteLLM 1.103.1 knows no provider ${JSON.stringify(prefix)}. It would leave the deployment out, and the release would fail its verification.`;
  const advice = 'Write upstream_model as PREFIX/MODEL (https://docs.litellm.ai/docs/providers).';
  return [finding('prefix_unknown', path, message, advice)];
};

/** For vendors that never put their own name before a model's. OpenRouter and open-weight hosts do. */
const vendorKinds = new Set(['openai', 'anthropic', 'google', 'cohere', 'mistral', 'perplexity']);

const prefixIsNotRepeated: DeploymentRule = ({ model, deployment, path }) => {
  const { kind } = deployment.provider;
  const prefix = providerKind(kind)?.litellmPrefix;
  const isRepeated = vendorKinds.has(kind) && deployment.upstreamModel.startsWith(`${prefix}/`);
  if (!isRepeated) return [];
  const message = `LiteLLM would be asked for ${litellmModelOf(model.mode, deployment)}.`;
  const advice = `Write upstream_model without ${prefix}/: it is added by itself.`;
  return [finding('prefix_repeated', path, message, advice)];
};

const wildcardsMatch: DeploymentRule = ({ model, deployment, path }) => {
  const isName = isWildcard(model.name);
  const isUpstream = deployment.upstreamModel.endsWith('*');
  if (isUpstream && !isName) {
    const message = `The provider would be asked for a model named ${JSON.stringify(deployment.upstreamModel)}.`;
    const advice = 'Name one model upstream, or make the model a wildcard (prefix/*).';
    return [finding('wildcard_upstream_without_wildcard_name', path, message, advice)];
  }
  if (isName && !isUpstream) {
    const message = `Every name below ${model.name} leads to the one model ${deployment.upstreamModel}.`;
    const advice = 'End upstream_model with * so that the rest of the name is passed on.';
    return [finding('wildcard_name_without_wildcard_upstream', path, message, advice)];
  }
  return [];
};

const priceNames = ['input_cost_per_token', 'output_cost_per_token'] as const;
const anyPrice = /_cost_per_|_token_cost$|cost_per_token$/;
const tokenModes: ReadonlySet<string> = new Set(['chat', 'completion', 'responses']);

const pricesAreWhole: DeploymentRule = ({ model, deployment, path }) => {
  const params = deployment.litellmParams;
  const given = Object.keys(params).filter((name) => anyPrice.test(name));
  const findings: LintFinding[] = given
    .filter((name) => params[name] === 0)
    .map((name) =>
      finding(
        'price_zero',
        `${path}.litellm_params.${name}`,
        'A price of 0 means free: such calls count against no budget.',
        'Leave the price out when it is not known; keep 0 for what is really free.',
      ),
    );
  const missing = priceNames.filter((name) => params[name] === undefined);
  if (given.length > 0 && missing.length > 0 && tokenModes.has(model.mode)) {
    const message = `Only some prices are set. LiteLLM then ignores its own price list for this deployment, so ${missing.join(' and ')} count as 0.`;
    findings.push(finding('price_partial', path, message, 'Set both token prices, or none.'));
  }
  if (given.length === 0 && hasNoListPrice(deployment)) {
    const message =
      "LiteLLM's price list cannot know this server's prices: in LiteLLM's own figures its calls cost 0.";
    const advice =
      'Set input_cost_per_token and output_cost_per_token if they cost something. Routing and usage go by the facts of the deployment.';
    findings.push(finding('price_unknown', path, message, advice));
  }
  return findings;
};

function hasNoListPrice({ provider }: SnapshotDeployment): boolean {
  return provider.kind === 'openai_compatible' || provider.kind === 'vllm';
}

/** Refused it is not: the entry may come with the next sync. */
const catalogueEntryIsThere: DeploymentRule = ({ deployment, path }) => {
  const { unknownEntry } = deployment;
  if (!unknownEntry) return [];
  const { id, statedBy } = unknownEntry;
  const whose = statedBy === 'deployment' ? 'Its facts say' : `The facts of its ${statedBy} say`;
  const message = `${whose} that it is ${JSON.stringify(id)}, which the catalogue has not: no price and no ability comes of that.`;
  const advice =
    'Name an entry of the catalogue (GET /api/v1/llm/catalogue?search=...), or take catalogue_id back with null. Nothing to do if the next sync brings it.';
  return [finding('catalogue_entry_unknown', `${path}.facts.catalogue_id`, message, advice)];
};

const demoModes: ReadonlySet<string> = new Set([...tokenModes, 'embedding']);

const demoCanAnswer: DeploymentRule = ({ model, deployment, path }) => {
  if (deployment.provider.kind !== 'demo' || demoModes.has(model.mode)) return [];
  const message = `LiteLLM has no canned answers of the mode ${model.mode}: calls fail or try a real provider.`;
  const advice = 'Use demo deployments for chat, completion, responses and embedding.';
  return [finding('demo_mode_unsupported', path, message, advice)];
};

const rules: DeploymentRule[] = [
  kindIsKnown,
  baseUrlIsThere,
  baseUrlFitsDialect,
  credentialIsThere,
  keyGoesWhereItBelongs,
  paramsAreAllowed,
  prefixIsKnown,
  prefixIsNotRepeated,
  wildcardsMatch,
  pricesAreWhole,
  catalogueEntryIsThere,
  demoCanAnswer,
];

export function lintDeployment(context: DeploymentContext): LintFinding[] {
  return rules.flatMap((rule) => rule(context));
}
