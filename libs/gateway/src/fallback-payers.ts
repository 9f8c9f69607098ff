import type { CatalogueModel } from './catalogue-model';
import {
  type CredentialOwner,
  type CredentialResolutionInput,
  ownerKeysOf,
  type PayingCredential,
  resolveCredentials,
} from './credential-resolution';
import type {
  CatalogueDeployment,
  CatalogueDocument,
  CredentialsDocument,
  WorkspaceDocument,
} from './projection.documents';
import type { RoutingPolicy } from './routing-policy';

type Credential = CredentialsDocument['credentials'][number];

export interface FallbackCredential {
  readonly id: string;
  readonly owner: CredentialOwner;
  /** Which projection document lists it. */
  readonly ownerKey: string;
  /** It has no saved value: it is this variable. */
  readonly environmentVariable: string | null;
  readonly hasOwnAddress?: true;
}

export interface FallbackCaller extends Pick<
  CredentialResolutionInput,
  'key' | 'organization' | 'documentOf' | 'nowMs' | 'random'
> {
  readonly workspace: Pick<WorkspaceDocument, 'credential_policy' | 'platform_fallback'>;
  readonly routing: Pick<RoutingPolicy, 'openrouter_fallback' | 'direct_fallback'>;
  readonly catalogue: CatalogueDocument;
  /** Variables that the edge itself has; keys that are others are of no use to it. */
  readonly variables: ReadonlySet<string>;
}

interface Listed {
  readonly credential: Credential;
  readonly ownerKey: string;
}

/** A caller, and the keys that may pay for its calls by their ids: looked up once for each plan. */
export interface KnownCaller {
  readonly caller: FallbackCaller;
  readonly keys: ReadonlyMap<string, Listed>;
}

export function known(caller: FallbackCaller): KnownCaller {
  return { caller, keys: new Map(listed(caller).map((one) => [one.credential.id, one])) };
}

function listed(caller: FallbackCaller): Listed[] {
  return Object.values(ownerKeysOf(caller.key)).flatMap((ownerKey) => {
    const document = ownerKey === null ? null : caller.documentOf(ownerKey);
    if (ownerKey === null || document?.owner_key !== ownerKey) return [];
    return document.credentials.map((credential) => ({ credential, ownerKey }));
  });
}

/** A payer, and whether it or one before it in its chain is out of credit. */
export interface Payer {
  readonly credential: FallbackCredential | null;
  readonly isLastResort: boolean;
}

function withoutTried(caller: FallbackCaller, tried: ReadonlySet<string>): FallbackCaller['documentOf'] {
  if (tried.size === 0) return caller.documentOf;
  return (ownerKey) => {
    const document = caller.documentOf(ownerKey);
    if (!document) return null;
    const credentials = document.credentials.map((one) =>
      tried.has(one.id) ? { ...one, state: 'invalid' as const } : one,
    );
    return { ...document, credentials };
  };
}

/**
 * Who pays for this deployment, one after another: each is the one that would pay if those before it were dead. So the rules of
 * resolveCredentials hold here without being written again: after a dead key of one's own the platform pays only where the
 * workspace asked for that.
 */
export function payersOf(deployment: CatalogueDeployment, { caller, keys }: KnownCaller): Payer[] {
  const tried = new Set<string>();
  const payers: Payer[] = [];
  let isLastResort = false;
  for (;;) {
    const documentOf = withoutTried(caller, tried);
    const resolution = resolveCredentials({ ...caller, documentOf, deployments: [deployment] });
    if (!resolution.ok) return payers;
    const taken = resolution.candidates[0]?.credential ?? null;
    if (taken === null) return [...payers, { credential: null, isLastResort }];
    const found = keys.get(taken.id);
    if (!found || tried.has(taken.id)) return payers;
    tried.add(taken.id);
    isLastResort ||= found.credential.state === 'exhausted';
    payers.push({ credential: described(taken, found), isLastResort });
  }
}

function described(paying: PayingCredential, { credential, ownerKey }: Listed): FallbackCredential {
  return { ...paying, ownerKey, environmentVariable: credential.environment_variable ?? null };
}

const kindsByCatalogue = new WeakMap<CatalogueDocument, ReadonlyMap<string, string>>();

/** A catalogue is large and stays for long; calls are many. */
function releasedKinds(catalogue: CatalogueDocument): ReadonlyMap<string, string> {
  const known = kindsByCatalogue.get(catalogue);
  if (known) return known;
  const deployments = catalogue.models.flatMap((model) => model.deployments);
  const kinds = new Map(deployments.map((one) => [one.provider_id, one.provider_kind] as const));
  kindsByCatalogue.set(catalogue, kinds);
  return kinds;
}

/** The kind of each provider that the caller has a key for. */
export function kindsOf({ caller, keys }: KnownCaller): Map<string, string> {
  const released = releasedKinds(caller.catalogue);
  const kinds = new Map<string, string>();
  for (const { credential } of keys.values()) {
    const kind = credential.provider_kind ?? released.get(credential.provider_id);
    if (kind) kinds.set(credential.provider_id, kind);
  }
  return kinds;
}

function hasOwnKey(deployment: CatalogueDeployment, caller: FallbackCaller): boolean {
  const workspace = { ...caller.workspace, credential_policy: 'byok_only' as const };
  const deployments = [{ ...deployment, needs_key: true }];
  const resolution = resolveCredentials({ ...caller, workspace, deployments });
  return resolution.ok || resolution.code === 'credential_unusable';
}

/**
 * Through OpenRouter a model is another deployment of the same thing: where the tenant pays for all deployments with keys of its own,
 * LiteLLM's trouble is no more a reason to let the platform pay than a dead key would be.
 */
export function mayPlatformStandIn({ deployments }: CatalogueModel, caller: FallbackCaller): boolean {
  const { credential_policy, platform_fallback } = caller.workspace;
  if (platform_fallback || credential_policy === 'platform_only' || deployments.length === 0) return true;
  return deployments.some((deployment) => !hasOwnKey(deployment, caller));
}
