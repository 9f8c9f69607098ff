import { type CatalogueModel, findCatalogueModel } from './catalogue-model';
import { type CredentialOwner, resolveCredentials } from './credential-resolution';
import { directProvider, directUrl, isServedByOpenrouter } from './direct-providers';
import {
  type FallbackCaller,
  type FallbackCredential,
  kindsOf,
  known,
  type KnownCaller,
  mayPlatformStandIn,
  payersOf,
} from './fallback-payers';
import type { LlmRoute } from './llm-routes';
import type { CatalogueDeployment } from './projection.documents';

/** One way around LiteLLM. */
export interface FallbackWay {
  readonly via: 'openrouter' | 'direct';
  readonly provider: string;
  readonly providerId: string;
  readonly deploymentId: string | null;
  readonly upstreamModel: string;
  /** The operator's; null: the usual one. */
  readonly baseUrl: string | null;
  /** null: the server asks for none. */
  readonly credential: FallbackCredential | null;
}

export interface FallbackPlanInput extends FallbackCaller {
  readonly model: string;
  readonly route: LlmRoute;
}

/** The model's name upstream, as LiteLLM fills its wildcards (pattern_match_deployments.py). null: a * that nothing fills. */
export function upstreamNameOf(entryName: string, model: string, upstream: string): string | null {
  if (!upstream.includes('*')) return upstream;
  if (!entryName.endsWith('*') || !model.startsWith(entryName.slice(0, -1))) return null;
  // A function: `$&` in a name would mean something to replace().
  return upstream.replace('*', () => model.slice(entryName.length - 1));
}

/** A deployment that is in no catalogue: any model of a provider, by its keys. */
function anyModelOf(providerId: string, kind: string, upstreamModel: string): CatalogueDeployment {
  return {
    id: `any-model-of-${providerId}`,
    provider_id: providerId,
    provider_kind: kind,
    needs_key: true,
    credential_id: null,
    weight: 1,
    order: 0,
    upstream_model: upstreamModel,
    base_url: null,
  };
}

/** From first to last. */
const rank = { ownOpenrouter: 0, ownDirect: 1, keylessDirect: 2, platformDirect: 3, platformOpenrouter: 4 };

interface RankedWay {
  readonly way: FallbackWay;
  readonly rank: number;
  readonly isLastResort: boolean;
}

function isUsable({ variables }: FallbackCaller, credential: FallbackCredential | null): boolean {
  const variable = credential?.environmentVariable ?? null;
  return variable === null || variables.has(variable);
}

function rankOf(via: FallbackWay['via'], owner: CredentialOwner | null): number {
  if (via === 'openrouter') return owner === 'platform' ? rank.platformOpenrouter : rank.ownOpenrouter;
  if (owner === null) return rank.keylessDirect;
  return owner === 'platform' ? rank.platformDirect : rank.ownDirect;
}

function waysBy(
  via: FallbackWay['via'],
  deployment: CatalogueDeployment,
  upstreamModel: string,
  isReleased: boolean,
  payer: KnownCaller,
): RankedWay[] {
  return payersOf(deployment, payer)
    .filter(({ credential }) => isUsable(payer.caller, credential))
    .map(({ credential, isLastResort }) => ({
      way: {
        via,
        provider: deployment.provider_kind,
        providerId: deployment.provider_id,
        deploymentId: isReleased ? deployment.id : null,
        upstreamModel,
        baseUrl: deployment.base_url,
        credential,
      },
      rank: rankOf(via, credential?.owner ?? null),
      isLastResort,
    }));
}

/** LiteLLM's order and weights among the deployments; those that nobody may pay for are left out. */
function inOrder(deployments: readonly CatalogueDeployment[], caller: FallbackCaller): CatalogueDeployment[] {
  const resolution = resolveCredentials({ ...caller, deployments });
  if (!resolution.ok) return [];
  return [...new Set(resolution.candidates.map(({ deployment }) => deployment))];
}

function releasedOpenrouterWays(
  entry: CatalogueModel,
  input: FallbackPlanInput,
  payer: KnownCaller,
): RankedWay[] {
  const isOpenrouter = ({ provider_kind }: CatalogueDeployment): boolean => provider_kind === 'openrouter';
  return inOrder(entry.deployments.filter(isOpenrouter), input).flatMap((deployment) => {
    const upstream = deployment.upstream_model;
    const name = upstream === null ? null : upstreamNameOf(entry.name, input.model, upstream);
    return name === null ? [] : waysBy('openrouter', deployment, name, true, payer);
  });
}

function mappedOpenrouterWays(
  entry: CatalogueModel,
  input: FallbackPlanInput,
  payer: KnownCaller,
): RankedWay[] {
  const id =
    entry.openrouter_id === null ? null : upstreamNameOf(entry.name, input.model, entry.openrouter_id);
  if (id === null) return [];
  const ways = [...kindsOf(payer)]
    .filter(([, kind]) => kind === 'openrouter')
    .flatMap(([providerId, kind]) =>
      waysBy('openrouter', anyModelOf(providerId, kind, id), id, false, payer),
    );
  return mayPlatformStandIn(entry, input) ? ways : ways.filter(({ way }) => !isPlatforms(way));
}

function isPlatforms({ credential }: FallbackWay): boolean {
  return credential?.owner === 'platform';
}

function openrouterWays(entry: CatalogueModel, input: FallbackPlanInput, payer: KnownCaller): RankedWay[] {
  const allowed = input.routing.openrouter_fallback;
  if (allowed === 'off' || !isServedByOpenrouter(input.route)) return [];
  const ways = [...releasedOpenrouterWays(entry, input, payer), ...mappedOpenrouterWays(entry, input, payer)];
  return allowed === 'any_key' ? ways : ways.filter(({ way }) => !isPlatforms(way));
}

function directWays(entry: CatalogueModel, input: FallbackPlanInput, payer: KnownCaller): RankedWay[] {
  const { route, routing, model } = input;
  if (!routing.direct_fallback) return [];
  return inOrder(entry.deployments, input).flatMap((deployment) => {
    const { provider_kind: kind, upstream_model: upstream, base_url: baseUrl } = deployment;
    const provider = directProvider(kind);
    if (!provider?.routes.has(route.name) || upstream === null) return [];
    // Without an address of the deployment the credential may still bring one along.
    const isAddressBad = baseUrl !== null && directUrl(kind, route, baseUrl) === null;
    const filled = upstreamNameOf(entry.name, model, upstream);
    const name = filled === null ? null : provider.modelName(filled);
    return name === null || isAddressBad ? [] : waysBy('direct', deployment, name, true, payer);
  });
}

/** Two ways to the same place with the same key are one. */
function isFirst(way: RankedWay, index: number, ways: readonly RankedWay[]): boolean {
  const nameOf = ({ way: { via, upstreamModel, credential, deploymentId, baseUrl } }: RankedWay): string =>
    JSON.stringify([
      via,
      upstreamModel,
      credential?.id ?? deploymentId,
      via === 'openrouter' ? null : baseUrl,
    ]);
  const name = nameOf(way);
  return ways.findIndex((one) => nameOf(one) === name) === index;
}

/**
 * Where a call for this model can go while LiteLLM is down, in order: the caller's own OpenRouter key, straight to a provider with
 * an own key, the same with the platform's, the platform's OpenRouter key. Keys out of credit come last.
 */
export function planFallback(input: FallbackPlanInput): FallbackWay[] {
  const entry = findCatalogueModel(input.catalogue, input.model);
  if (!entry) return [];
  const payer = known(input);
  return [...openrouterWays(entry, input, payer), ...directWays(entry, input, payer)]
    .sort((left, right) => Number(left.isLastResort) - Number(right.isLastResort) || left.rank - right.rank)
    .filter(isFirst)
    .map(({ way }) => way);
}

/** The saved keys that any plan for this caller could need, whatever the model: what to have at hand before it is needed. */
export function fallbackCredentialsOf(caller: FallbackCaller): FallbackCredential[] {
  const { openrouter_fallback: openrouter, direct_fallback: direct } = caller.routing;
  const payer = known(caller);
  const found = new Map<string, FallbackCredential>();
  for (const [providerId, kind] of kindsOf(payer)) {
    const isOpenrouter = kind === 'openrouter' && openrouter !== 'off';
    if (!isOpenrouter && !(direct && directProvider(kind))) continue;
    for (const { credential } of payersOf(anyModelOf(providerId, kind, ''), payer)) {
      const isRefused = isOpenrouter && openrouter === 'own_key' && credential?.owner === 'platform';
      if (credential && !isRefused && credential.environmentVariable === null)
        found.set(credential.id, credential);
    }
  }
  return [...found.values()];
}
