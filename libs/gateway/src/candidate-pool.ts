import { atThisMoment, type KnownCandidate, knownCandidate, type MomentaryState } from './candidate-state';
import { type CatalogueModel, findCatalogueModel } from './catalogue-model';
import { type CredentialRefusal, ownerKeysOf, resolveCredentials } from './credential-resolution';
import { listAllows, type ModelList } from './model-allowlist';
import type {
  CatalogueDocument,
  CredentialsDocument,
  FactsDocument,
  KeyDocument,
  OrganizationDocument,
  WorkspaceDocument,
} from './projection.documents';
import { type PowerLevel, resolveAlias, type RoutingPolicy } from './routing-policy';
import { listNamesOf, type PoolTarget, type RouteTarget } from './route-target';
import { servesMode } from './scoring/drop-reason';
import { poolOf } from './scoring/scoring-rules';
import type { ScoringCandidate } from './scoring/scoring.types';

/** What is read to say who may be called. Documents never change: a new one takes the place of an old one. */
export interface PoolInput {
  readonly policy: RoutingPolicy;
  readonly key: Pick<KeyDocument, 'organization_id' | 'workspace_id' | 'user_id' | 'models'>;
  readonly workspace: Pick<WorkspaceDocument, 'models' | 'credential_policy' | 'platform_fallback'>;
  readonly organization: Pick<OrganizationDocument, 'platform_credentials'>;
  readonly catalogue: CatalogueDocument | null;
  /** null: nothing is known of any deployment. */
  readonly facts: Pick<FactsDocument, 'deployments'> | null;
  /** The owner's document; null: the owner has none. */
  readonly documentOf: (ownerKey: string) => CredentialsDocument | null;
  readonly nowMs: number;
}

/** A deployment that may be called, without what changes from call to call. */
export interface PooledCandidate extends KnownCandidate {
  /** Its key is out of credit. */
  readonly isLastResort: boolean;
}

export interface CandidatePool {
  readonly candidates: readonly PooledCandidate[];
  /** Models of the pool that there are, and those of them that the lists allow. */
  readonly models: number;
  readonly allowedModels: number;
  /** Why those without a key have none. */
  readonly refusals: ReadonlySet<CredentialRefusal>;
}

/** What a pool was made of; while all of it is the same, so is the pool. */
interface Origin {
  readonly policy: RoutingPolicy;
  readonly catalogue: CatalogueDocument;
  readonly facts: PoolInput['facts'];
  readonly workspaceModels: ModelList;
  readonly credentialPolicy: string;
  readonly platformFallback: boolean;
  readonly platformCredentials: boolean;
  readonly wallets: readonly (CredentialsDocument | null)[];
  readonly fromMs: number;
  /** Then a credential expires. */
  readonly untilMs: number;
}

interface HeldPool {
  readonly origin: Origin;
  readonly pool: CandidatePool;
}

/** Bounds the memory: so many candidates of all pools together, about 30 MB. */
const heldCandidatesLimit = 200_000;
const held = new Map<string, HeldPool>();
let heldCandidates = 0;

function walletsOf({ key, documentOf }: PoolInput): (CredentialsDocument | null)[] {
  return Object.values(ownerKeysOf(key)).map((ownerKey) => (ownerKey === null ? null : documentOf(ownerKey)));
}

/** By the entries: every key has a list of its own, and most are empty. */
const listTexts = new WeakMap<ModelList, string>();
function textOf(list: ModelList): string {
  if (list.length === 0) return '';
  let text = listTexts.get(list);
  if (text === undefined) listTexts.set(list, (text = JSON.stringify(list)));
  return text;
}

function isSame(origin: Origin, input: PoolInput, wallets: readonly (CredentialsDocument | null)[]): boolean {
  return (
    origin.policy === input.policy &&
    origin.catalogue === input.catalogue &&
    origin.facts === input.facts &&
    origin.workspaceModels === input.workspace.models &&
    origin.credentialPolicy === input.workspace.credential_policy &&
    origin.platformFallback === input.workspace.platform_fallback &&
    origin.platformCredentials === input.organization.platform_credentials &&
    origin.fromMs <= input.nowMs &&
    input.nowMs < origin.untilMs &&
    origin.wallets.every((wallet, index) => wallet === wallets[index])
  );
}

/** The nearest end of a credential; a date that cannot be read counts as past already. */
function nextExpiry(wallets: readonly (CredentialsDocument | null)[], nowMs: number): number {
  let nextMs = Number.POSITIVE_INFINITY;
  for (const wallet of wallets)
    for (const { expires_at: expiresAt } of wallet?.credentials ?? []) {
      const expiresAtMs = expiresAt === null ? Number.NaN : Date.parse(expiresAt);
      if (expiresAtMs > nowMs) nextMs = Math.min(nextMs, expiresAtMs);
    }
  return nextMs;
}

/** Canned answers, which no app wants of a level once there is a model that answers. */
const demoKind = 'demo';

const isWildcard = (name: string): boolean => name.includes('*');

/**
 * Of a wildcard there is no name to call, also where a policy lists it; of a model of unknown mode nobody can say that it serves
 * this route. The demo model, which costs nothing, would win where cost counts: it stands behind a level only while nobody else does.
 */
function namesFrom(
  catalogue: CatalogueDocument,
  listed: readonly string[] | null,
  mode: string | null,
): string[] {
  if (listed) return listed.filter((name) => !isWildcard(name));
  const able = catalogue.models.filter(
    ({ name, mode: own }) => !isWildcard(name) && own !== null && servesMode(mode, own),
  );
  const real = able.filter(({ deployments }) =>
    deployments.some(({ provider_kind: kind }) => kind !== demoKind),
  );
  return (real.length > 0 ? real : able).map(({ name }) => name);
}

function pooled(
  name: string,
  entry: CatalogueModel,
  input: PoolInput,
  refusals: Set<CredentialRefusal>,
): PooledCandidate[] {
  return entry.deployments.map((deployment) => {
    const found = resolveCredentials({ ...input, deployments: [deployment], random: () => 0 });
    if (!found.ok) refusals.add(found.code);
    const candidate = found.ok ? found.candidates[0] : undefined;
    const planned = { model: name, mode: entry.mode, deployment, credential: candidate?.credential ?? null };
    return { ...knownCandidate(planned, input.facts), isLastResort: candidate?.isLastResort ?? false };
  });
}

/** A list that names what was asked for allows all that is behind it; else each model must be on it. */
function allowedBy(lists: readonly ModelList[], listNames: readonly string[]): (model: string) => boolean {
  const narrowing = lists.filter((list) => !listNames.some((name) => listAllows(list, name)));
  return (model) => narrowing.every((list) => listAllows(list, model));
}

const levelOf = (target: PoolTarget): PowerLevel | null => (target.kind === 'level' ? target.level : null);

export interface PoolQuestion {
  readonly policy: RoutingPolicy;
  readonly catalogue: CatalogueDocument;
  readonly lists: readonly ModelList[];
}

/** The models of the pool that there are, each with whether the lists allow it. */
export function* poolModels(
  { policy, catalogue, lists }: PoolQuestion,
  asked: RouteTarget,
  target: PoolTarget,
  mode: string | null,
): Generator<{ name: string; entry: CatalogueModel; isAllowed: boolean }> {
  const names = namesFrom(catalogue, poolOf(policy, target), mode).map((name) => resolveAlias(policy, name));
  const isAllowed = allowedBy(lists, listNamesOf(asked, levelOf(target), policy));
  for (const name of new Set(names)) {
    const entry = findCatalogueModel(catalogue, name);
    if (entry && entry.deployments.length > 0) yield { name, entry, isAllowed: isAllowed(name) };
  }
}

/** Whether there is any model behind a name that the lists allow; whether it may be called for a request is another question. */
export function hasUsableModel(question: PoolQuestion, asked: RouteTarget, target: PoolTarget): boolean {
  for (const { isAllowed } of poolModels(question, asked, target, 'chat')) if (isAllowed) return true;
  return false;
}

function build(
  input: PoolInput,
  catalogue: CatalogueDocument,
  asked: RouteTarget,
  target: PoolTarget,
  mode: string | null,
): CandidatePool {
  const { policy, key, workspace } = input;
  const lists = [key.models, workspace.models];
  const candidates: PooledCandidate[] = [];
  const refusals = new Set<CredentialRefusal>();
  let [models, allowedModels] = [0, 0];
  for (const { name, entry, isAllowed } of poolModels({ policy, catalogue, lists }, asked, target, mode)) {
    models += 1;
    if (!isAllowed) continue;
    allowedModels += 1;
    candidates.push(...pooled(name, entry, input, refusals));
  }
  return { candidates, models, allowedModels, refusals };
}

/** Of pools of older documents none is asked for again, and each would keep its documents in memory. */
function letGoOfOthers({ catalogue, facts }: Origin): void {
  const newest: Origin | undefined = held.values().next().value?.origin;
  if (!newest || (newest.catalogue === catalogue && newest.facts === facts)) return;
  held.clear();
  heldCandidates = 0;
}

function hold(name: string, entry: HeldPool): void {
  letGoOfOthers(entry.origin);
  const before = held.get(name);
  if (before) heldCandidates -= before.pool.candidates.length + 1;
  held.delete(name);
  held.set(name, entry);
  heldCandidates += entry.pool.candidates.length + 1;
  for (const [oldest, { pool }] of held) {
    if (heldCandidates <= heldCandidatesLimit || oldest === name) return;
    held.delete(oldest);
    heldCandidates -= pool.candidates.length + 1;
  }
}

/**
 * Who may be called for a level or a group, apart from what changes from call to call. Worked out anew only when one of the
 * documents changes, or a credential expires: then the same input gives the same pool.
 *
 * @param mode of the route; null: any
 */
export function candidatePoolOf(
  input: PoolInput,
  asked: RouteTarget,
  target: PoolTarget,
  mode: string | null,
): CandidatePool {
  const { catalogue, policy, key, workspace, organization, nowMs } = input;
  if (!catalogue) return { candidates: [], models: 0, allowedModels: 0, refusals: new Set() };
  const wallets = walletsOf(input);
  const [ofMember] = wallets;
  const place = target.kind === 'level' ? target.level : target.group;
  // Members share a pool unless they have keys of their own.
  const user = ofMember ? key.user_id : '';
  const name = [key.workspace_id, user, asked.kind, asked.name, place, mode, textOf(key.models)].join('|');
  const known = held.get(name);
  if (known && isSame(known.origin, input, wallets)) return known.pool;
  const pool = build(input, catalogue, asked, target, mode);
  const origin: Origin = {
    policy,
    catalogue,
    facts: input.facts,
    workspaceModels: workspace.models,
    credentialPolicy: workspace.credential_policy,
    platformFallback: workspace.platform_fallback,
    platformCredentials: organization.platform_credentials,
    wallets,
    fromMs: nowMs,
    untilMs: nextExpiry(wallets, nowMs),
  };
  hold(name, { origin, pool });
  return pool;
}

/** What nobody's breaker stands in the way of is the same for all requests, until somebody measures again. */
const whileNobodyIsOpen = new WeakMap<
  CandidatePool,
  { performance: MomentaryState['performance']; candidates: readonly ScoringCandidate[] }
>();

/** The candidates of a pool, as they are at this moment, in its order. */
export function scoringCandidatesOf(pool: CandidatePool, state: MomentaryState): readonly ScoringCandidate[] {
  const { performance, isBreakerOpen } = state;
  const known = isBreakerOpen === null ? whileNobodyIsOpen.get(pool) : undefined;
  if (known?.performance === performance) return known.candidates;
  const candidates = pool.candidates.map((one) => atThisMoment(one, state));
  if (isBreakerOpen === null) whileNobodyIsOpen.set(pool, { performance, candidates });
  return candidates;
}
