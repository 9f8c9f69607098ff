import type { GatewayErrorCode } from './gateway-error-codes';
import type {
  CatalogueDeployment,
  CredentialsDocument,
  KeyDocument,
  OrganizationDocument,
  WorkspaceDocument,
} from './projection.documents';

export type CredentialOwner = 'member' | 'workspace' | 'organization' | 'platform';

/** The platform's place among the owners. */
const platformOwnerKey = 'platform';

type Payer = Pick<KeyDocument, 'organization_id' | 'workspace_id' | 'user_id'>;
type OwnerKeys = { readonly [Owner in CredentialOwner]: string | null };

/** Whose provider keys may pay for a call of this virtual key. Nobody else's are ever looked at. */
export function ownerKeysOf({ organization_id, workspace_id, user_id }: Payer): OwnerKeys {
  return {
    member: user_id === null ? null : `${organization_id}/${user_id}`,
    workspace: workspace_id,
    organization: organization_id,
    platform: platformOwnerKey,
  };
}

export interface PayingCredential {
  readonly id: string;
  readonly owner: CredentialOwner;
  /** It leads to a server of its own: how that does says nothing about the deployment for others. */
  readonly hasOwnAddress?: true;
}

/** A deployment, and what pays for it; null: it needs no key. */
export interface Candidate {
  readonly deployment: CatalogueDeployment;
  readonly credential: PayingCredential | null;
  /** What pays is out of credit: perhaps it has some again, so it is tried when nothing else is left. */
  readonly isLastResort?: true;
}

export type CredentialRefusal = Extract<
  GatewayErrorCode,
  'credential_missing' | 'credential_unusable' | 'platform_credential_missing'
>;
/** Candidates come in the order in which to try them; there is at least one. */
export type CredentialResolution =
  { ok: true; candidates: readonly Candidate[] } | { ok: false; code: CredentialRefusal };

export interface CredentialResolutionInput {
  readonly key: Payer;
  readonly workspace: Pick<WorkspaceDocument, 'credential_policy' | 'platform_fallback'>;
  readonly organization: Pick<OrganizationDocument, 'platform_credentials'>;
  /** The owner's document; null: the owner has none. */
  readonly documentOf: (ownerKey: string) => CredentialsDocument | null;
  readonly deployments: readonly CatalogueDeployment[];
  readonly nowMs: number;
  /** From 0 to 1. */
  readonly random: () => number;
}

type Credential = CredentialsDocument['credentials'][number];

/** How good a credential is: the lower, the sooner it is taken. */
const usable = 0;
/** Out of credit: perhaps it has some again, so it is tried before the call is refused. */
const lastResort = 1;
const unusable = 2;

function gradeOf({ state, expires_at }: Credential, nowMs: number): number {
  // A date that cannot be read counts as past.
  const isExpired = expires_at !== null && !(Date.parse(expires_at) > nowMs);
  if (isExpired || state === 'invalid' || state === 'expired' || state === 'unreadable') return unusable;
  return state === 'exhausted' ? lastResort : usable;
}

interface Graded {
  readonly credential: PayingCredential;
  readonly grade: number;
}

function payingOf({ id, own_address: ownAddress }: Credential, owner: CredentialOwner): PayingCredential {
  return ownAddress === true ? { id, owner, hasOwnAddress: true } : { id, owner };
}

class Purse {
  private readonly ownerKeys: OwnerKeys;

  constructor(private readonly input: CredentialResolutionInput) {
    this.ownerKeys = ownerKeysOf(input.key);
  }

  /** In the order in which they are taken: the nearest owner first, those out of credit last, dead ones at the end. */
  own({ provider_id }: CatalogueDeployment): Graded[] {
    return this.graded(['member', 'workspace', 'organization'], provider_id);
  }

  /** The one that the deployment names comes first among its equals. */
  platforms({ provider_id, credential_id }: CatalogueDeployment): Graded[] {
    const graded = this.graded(['platform'], provider_id, credential_id);
    return graded.sort(
      (left, right) =>
        left.grade - right.grade ||
        Number(right.credential.id === credential_id) - Number(left.credential.id === credential_id),
    );
  }

  private graded(
    owners: readonly CredentialOwner[],
    providerId: string,
    named: string | null = null,
  ): Graded[] {
    const graded: Graded[] = [];
    for (const owner of owners)
      for (const one of this.credentialsOf(owner))
        if (one.provider_id === providerId || one.id === named)
          graded.push({ credential: payingOf(one, owner), grade: gradeOf(one, this.input.nowMs) });
    return graded.sort((left, right) => left.grade - right.grade);
  }

  private credentialsOf(owner: CredentialOwner): readonly Credential[] {
    const ownerKey = this.ownerKeys[owner];
    const document = ownerKey === null ? null : this.input.documentOf(ownerKey);
    // A document under another owner's key would be a mistake of the writer: nobody pays for somebody else.
    return document?.owner_key === ownerKey ? document.credentials : [];
  }
}

type Choice = { taken: Graded | null } | CredentialRefusal;

function firstAlive(graded: readonly Graded[]): Graded | null {
  const [first] = graded;
  return first && first.grade < unusable ? first : null;
}

/** What pays for this deployment under the workspace's policy. */
function choose(deployment: CatalogueDeployment, purse: Purse, input: CredentialResolutionInput): Choice {
  const { credential_policy: policy, platform_fallback } = input.workspace;
  const isPlatformAllowed = policy !== 'byok_only' && input.organization.platform_credentials;
  const own = policy === 'platform_only' ? [] : purse.own(deployment);
  const ownTaken = firstAlive(own);
  if (ownTaken) return { taken: ownTaken };
  // A dead key of one's own is no reason to let the platform pay, unless the workspace asked for that.
  const mayPlatformPay = isPlatformAllowed && (own.length === 0 || platform_fallback);
  const platforms = mayPlatformPay ? firstAlive(purse.platforms(deployment)) : null;
  if (platforms) return { taken: platforms };
  if (!deployment.needs_key) return { taken: null };
  if (own.length > 0) return 'credential_unusable';
  return isPlatformAllowed ? 'platform_credential_missing' : 'credential_missing';
}

interface Graspable {
  readonly candidate: Candidate;
  readonly grade: number;
}

/** Each place is drawn by weight from those that are left; without any weight, evenly. */
function shuffledByWeight(candidates: readonly Graspable[], random: () => number): Graspable[] {
  const left = [...candidates];
  const shuffled: Graspable[] = [];
  while (left.length > 0) {
    const weights = left.map(({ candidate }) => candidate.deployment.weight);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let point = random() * (total || left.length);
    let index = weights.findIndex((weight) => (point -= total ? weight : 1) < 0);
    if (index === -1) index = left.length - 1;
    shuffled.push(...left.splice(index, 1));
  }
  return shuffled;
}

/** Keys out of credit last, then LiteLLM's rules: the lowest `order`, within it by weight. */
function inOrder(candidates: readonly Graspable[], random: () => number): Candidate[] {
  const [only] = candidates;
  if (only && candidates.length === 1) return [only.candidate];
  return shuffledByWeight(candidates, random)
    .sort(
      (left, right) =>
        left.grade - right.grade || left.candidate.deployment.order - right.candidate.deployment.order,
    )
    .map(({ candidate }) => candidate);
}

/** The refusal that tells most: a dead key of one's own, then a missing one, then the operator's. */
const refusalsByWeight: readonly CredentialRefusal[] = [
  'credential_unusable',
  'credential_missing',
  'platform_credential_missing',
];

/**
 * Which of the model's deployments may this call take, and whose provider key pays? Member, workspace, organization, then the
 * platform, within the workspace's policy.
 */
export function resolveCredentials(input: CredentialResolutionInput): CredentialResolution {
  const purse = new Purse(input);
  const candidates: Graspable[] = [];
  const refusals = new Set<CredentialRefusal>();
  for (const deployment of input.deployments) {
    const choice = choose(deployment, purse, input);
    if (typeof choice === 'string') {
      refusals.add(choice);
      continue;
    }
    const { taken } = choice;
    const credential = taken?.credential ?? null;
    const grade = taken?.grade ?? usable;
    const candidate = {
      deployment,
      credential,
      ...(grade === lastResort && { isLastResort: true as const }),
    };
    candidates.push({ candidate, grade });
  }
  if (candidates.length > 0) return { ok: true, candidates: inOrder(candidates, input.random) };
  const code = refusalsByWeight.find((one) => refusals.has(one));
  return { ok: false, code: code ?? 'credential_missing' };
}
