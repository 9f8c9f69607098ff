import { type CatalogueModel, findCatalogueModel, namesDeployments, vendorOf } from './catalogue-model';
import {
  type Candidate,
  type CredentialRefusal,
  type CredentialResolutionInput,
  type PayingCredential,
  resolveCredentials,
} from './credential-resolution';
import type { GatewayErrorCode } from './gateway-error-codes';
import { listsAllow, type ModelList } from './model-allowlist';
import type { CatalogueDeployment, CatalogueDocument, CredentialsDocument } from './projection.documents';
import { cascadeOf, resolveAlias, type RoutingPolicy } from './routing-policy';
import { servesMode } from './scoring/drop-reason';

/** One way to answer a request, through LiteLLM. */
export interface AttemptCandidate {
  /** The public name: what LiteLLM is asked for, and what the client is told. */
  readonly model: string;
  /** null: LiteLLM chooses, and pays by its file (a release of an older version). */
  readonly deployment: CatalogueDeployment | null;
  /** null: none is needed. */
  readonly credential: PayingCredential | null;
  /** The model is not, or not certainly, of the vendor that was asked for. */
  readonly isCrossVendor: boolean;
}

/** One that may be called, before it is known what comes before it. */
export interface PlannedCandidate {
  readonly model: string;
  readonly deployment: CatalogueDeployment | null;
  readonly credential: PayingCredential | null;
}

/** What a level or a group has chosen. */
export interface OwnCandidates {
  /** In order. They may be of several vendors. */
  readonly candidates: readonly PlannedCandidate[];
  /** Why there is none; null: there is one. */
  readonly refusal: PlanRefusal | null;
}

export interface AttemptPlanInput extends Omit<CredentialResolutionInput, 'deployments'> {
  /** What the client asked for, aliases resolved. */
  readonly model: string;
  readonly policy: RoutingPolicy;
  /** Of the key and of its workspace. */
  readonly lists: readonly ModelList[];
  readonly catalogue: CatalogueDocument | null;
  /** In place of the deployments of `model`. null: it is a model's name. */
  readonly own?: OwnCandidates | null;
  /** Of the route: a level leads to no model that serves another. null: any. */
  readonly mode?: string | null;
  /** Nobody is called of whom it is not known where the data goes. */
  readonly forbidsUnknown?: boolean;
  /** Puts the candidates of one model into another order, and leaves out who must not be called. */
  readonly select?: (model: CandidatesOfModel) => readonly PlannedCandidate[];
}

export interface CandidatesOfModel {
  readonly name: string;
  readonly entry: CatalogueModel;
  /** By the operator's order and shares. */
  readonly candidates: readonly Candidate[];
}

/** Why what was asked for has no candidate. */
export type PlanRefusal =
  | CredentialRefusal
  | Extract<
      GatewayErrorCode,
      'model_not_found' | 'model_not_allowed' | 'power_level_not_served' | 'no_candidate_left'
    >;

/** Mistakes of the client, which no other model should hide. */
const finalRefusals: ReadonlySet<PlanRefusal> = new Set([
  'model_not_found',
  'model_not_allowed',
  'power_level_not_served',
]);

interface PlannedModel {
  readonly model: string;
  readonly isCrossVendor: boolean;
}

/** Vectors of one model mean nothing to another: only whoever names the two together can know that they fit. */
const incomparableMode = 'embedding';

function entryOf(catalogue: CatalogueDocument | null, model: string): CatalogueModel | null {
  return catalogue && findCatalogueModel(catalogue, model);
}

function vendorOfEntry(entry: CatalogueModel | null): string | null {
  return entry ? vendorOf(entry) : null;
}

/** A model that makes images cannot stand in for one that chats. */
function areOfOneMode(left: CatalogueModel | null, right: CatalogueModel | null): boolean {
  const [leftMode, rightMode] = [left?.mode ?? null, right?.mode ?? null];
  return leftMode === null || rightMode === null || leftMode === rightMode;
}

/**
 * The models of the cascade that may be tried, in their order. A cascade never widens what the key may use, and leads to another
 * vendor's models only where the policy says so, or where no vendor was asked for; a model of unknown vendor counts as another's.
 */
function cascadeModels(input: AttemptPlanInput): PlannedModel[] {
  const { model: asked, policy, lists, catalogue, own } = input;
  const cascade = cascadeOf(policy, asked);
  if (cascade.length === 0) return [];
  // A level's or a group's own name is no model's, though a wildcard may match it.
  const askedModel = own ? own.candidates[0]?.model : asked;
  const askedEntry = askedModel === undefined ? null : entryOf(catalogue, askedModel);
  const askedVendor = vendorOfEntry(askedEntry);
  // Of a group that nobody may be called for only the route says what it is.
  const mode = askedEntry?.mode ?? input.mode;
  if (mode === incomparableMode && !Object.hasOwn(policy.cascades, asked)) return [];
  const names = new Set(cascade.map((name) => resolveAlias(policy, name)));
  names.delete(asked);
  for (const { model } of own?.candidates ?? []) names.delete(model);
  const planned: PlannedModel[] = [];
  for (const model of names) {
    const entry = entryOf(catalogue, model);
    if (!listsAllow(lists, model) || !areOfOneMode(askedEntry, entry)) continue;
    if (own && !servesMode(input.mode ?? null, entry?.mode ?? null)) continue;
    const isCrossVendor = askedVendor === null || vendorOfEntry(entry) !== askedVendor;
    if (isCrossVendor && !policy.cross_vendor && !own) continue;
    planned.push({ model, isCrossVendor });
  }
  return planned;
}

function withoutTried(
  document: CredentialsDocument | null,
  tried: ReadonlySet<string>,
): CredentialsDocument | null {
  if (!document?.credentials.some(({ id }) => tried.has(id))) return document;
  const credentials = document.credentials.map((one) =>
    tried.has(one.id) ? { ...one, state: 'invalid' as const } : one,
  );
  return { ...document, credentials };
}

/** The candidates of one request, in the order in which to try them. Those of the cascade are worked out when it comes to them. */
export class AttemptPlan {
  /** Why what was asked for gives no candidate; null: it gives some. */
  readonly refusal: PlanRefusal | null;
  private ready: readonly PlannedCandidate[];
  /** null: by the vendor of each. */
  private isReadyCrossVendor: boolean | null;
  private place = 0;
  private models: PlannedModel[] | null = null;

  constructor(private readonly input: AttemptPlanInput) {
    const { own, model } = input;
    const asked = own ? (own.refusal ?? own.candidates) : this.candidatesOf(model);
    this.refusal = typeof asked === 'string' ? asked : null;
    this.ready = typeof asked === 'string' ? [] : asked;
    this.isReadyCrossVendor = own ? null : false;
  }

  /** What was asked for, aliases resolved; of a level or a group what it has chosen. */
  get model(): string {
    return this.input.own?.candidates[0]?.model ?? this.input.model;
  }

  /** Whoever asked named a level or a group, and no model. */
  get isOfPool(): boolean {
    return Boolean(this.input.own);
  }

  /** Takes none of them. */
  hasCandidates(): boolean {
    this.fill();
    return this.place < this.ready.length;
  }

  next(): AttemptCandidate | null {
    this.fill();
    const candidate = this.ready[this.place++];
    if (!candidate) return null;
    const { model, deployment, credential } = candidate;
    const isCrossVendor = this.isReadyCrossVendor ?? this.isOfOtherVendor(model);
    return { model, isCrossVendor, deployment, credential };
  }

  /**
   * The same deployment with the key that would pay if those that were tried were dead. So the rules of resolveCredentials hold
   * here too: after a key of one's own the platform pays only where the workspace asked for that.
   */
  withOtherCredential(
    { model, isCrossVendor, deployment }: AttemptCandidate,
    tried: ReadonlySet<string>,
  ): AttemptCandidate | null {
    if (!deployment) return null;
    const { input } = this;
    const documentOf = (ownerKey: string): CredentialsDocument | null =>
      withoutTried(input.documentOf(ownerKey), tried);
    const resolution = resolveCredentials({ ...input, documentOf, deployments: [deployment] });
    const credential = resolution.ok ? (resolution.candidates[0]?.credential ?? null) : null;
    // Without a key the provider would refuse it too, or there would have been none before.
    return credential && { model, isCrossVendor, deployment, credential };
  }

  /** Goes on to the next model of the cascade that has candidates. */
  private fill(): void {
    while (this.place >= this.ready.length) {
      if (this.refusal !== null && finalRefusals.has(this.refusal)) return;
      this.models ??= cascadeModels(this.input);
      const planned = this.models.shift();
      if (!planned) return;
      const candidates = this.candidatesOf(planned.model);
      this.ready = typeof candidates === 'string' ? [] : candidates;
      this.isReadyCrossVendor = planned.isCrossVendor;
      this.place = 0;
    }
  }

  /** Whoever asks for a level names no vendor: the first choice's is the one that was asked for. */
  private isOfOtherVendor(model: string): boolean {
    const { catalogue } = this.input;
    if (model === this.model) return false;
    const first = vendorOfEntry(entryOf(catalogue, this.model));
    return first === null || vendorOfEntry(entryOf(catalogue, model)) !== first;
  }

  private candidatesOf(model: string): readonly PlannedCandidate[] | PlanRefusal {
    const { input } = this;
    const found = input.catalogue && findCatalogueModel(input.catalogue, model);
    if (!found && namesDeployments(input.catalogue)) return 'model_not_found';
    if (!found || found.deployments.length === 0) {
      if (input.forbidsUnknown) return 'no_candidate_left';
      const { workspace, organization } = input;
      // Its file pays with the platform's keys.
      const mayPlatformPay = organization.platform_credentials && workspace.credential_policy !== 'byok_only';
      if (!mayPlatformPay) return 'credential_missing';
      return [{ model, deployment: null, credential: null }];
    }
    const resolution = resolveCredentials({ ...input, deployments: found.deployments });
    if (!resolution.ok) return resolution.code;
    const { candidates } = resolution;
    if (!input.select)
      return candidates.map(({ deployment, credential }) => ({ model, deployment, credential }));
    const selected = input.select({ name: model, entry: found, candidates });
    return selected.length === 0 ? 'no_candidate_left' : selected;
  }
}
