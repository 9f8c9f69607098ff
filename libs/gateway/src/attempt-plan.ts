import { type CatalogueModel, findCatalogueModel, namesDeployments, vendorOf } from './catalogue-model';
import {
  type CredentialRefusal,
  type CredentialResolutionInput,
  type PayingCredential,
  resolveCredentials,
} from './credential-resolution';
import { listsAllow, type ModelList } from './model-allowlist';
import type { CatalogueDeployment, CatalogueDocument, CredentialsDocument } from './projection.documents';
import { cascadeOf, resolveAlias, type RoutingPolicy } from './routing-policy';

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

export interface AttemptPlanInput extends Omit<CredentialResolutionInput, 'deployments'> {
  /** What the client asked for, aliases resolved. */
  readonly model: string;
  readonly policy: RoutingPolicy;
  /** Of the key and of its workspace. */
  readonly lists: readonly ModelList[];
  readonly catalogue: CatalogueDocument | null;
}

/** Why the model that was asked for has no candidate. */
export type PlanRefusal = CredentialRefusal | 'model_not_found';

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
 * vendor's models only where the policy says so; a model of unknown vendor counts as another's.
 */
function cascadeModels(input: AttemptPlanInput): PlannedModel[] {
  const { model: asked, policy, lists, catalogue } = input;
  const cascade = cascadeOf(policy, asked);
  if (cascade.length === 0) return [];
  const askedEntry = entryOf(catalogue, asked);
  const askedVendor = vendorOfEntry(askedEntry);
  if (askedEntry?.mode === incomparableMode && !Object.hasOwn(policy.cascades, asked)) return [];
  const names = new Set(cascade.map((name) => resolveAlias(policy, name)));
  names.delete(asked);
  const planned: PlannedModel[] = [];
  for (const model of names) {
    const entry = entryOf(catalogue, model);
    if (!listsAllow(lists, model) || !areOfOneMode(askedEntry, entry)) continue;
    const isCrossVendor = askedVendor === null || vendorOfEntry(entry) !== askedVendor;
    if (isCrossVendor && !policy.cross_vendor) continue;
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
  /** Why the model that was asked for gives no candidate; null: it gives some. */
  readonly refusal: PlanRefusal | null;
  private ready: readonly AttemptCandidate[];
  private place = 0;
  private models: PlannedModel[] | null = null;

  constructor(private readonly input: AttemptPlanInput) {
    const asked = this.candidatesOf({ model: input.model, isCrossVendor: false });
    this.refusal = typeof asked === 'string' ? asked : null;
    this.ready = typeof asked === 'string' ? [] : asked;
  }

  /** What was asked for, aliases resolved. */
  get model(): string {
    return this.input.model;
  }

  /** Takes none of them. */
  hasCandidates(): boolean {
    this.fill();
    return this.place < this.ready.length;
  }

  next(): AttemptCandidate | null {
    this.fill();
    return this.ready[this.place++] ?? null;
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
      // A name that no model has is a mistake of the client, which no other model should hide.
      if (this.refusal === 'model_not_found') return;
      this.models ??= cascadeModels(this.input);
      const model = this.models.shift();
      if (!model) return;
      const candidates = this.candidatesOf(model);
      this.ready = typeof candidates === 'string' ? [] : candidates;
      this.place = 0;
    }
  }

  private candidatesOf({ model, isCrossVendor }: PlannedModel): readonly AttemptCandidate[] | PlanRefusal {
    const { input } = this;
    const found = input.catalogue && findCatalogueModel(input.catalogue, model);
    if (!found && namesDeployments(input.catalogue)) return 'model_not_found';
    if (!found || found.deployments.length === 0) {
      const { workspace, organization } = input;
      // Its file pays with the platform's keys.
      const mayPlatformPay = organization.platform_credentials && workspace.credential_policy !== 'byok_only';
      if (!mayPlatformPay) return 'credential_missing';
      return [{ model, isCrossVendor, deployment: null, credential: null }];
    }
    const resolution = resolveCredentials({ ...input, deployments: found.deployments });
    if (!resolution.ok) return resolution.code;
    return resolution.candidates.map(({ deployment, credential }) => ({
      model,
      isCrossVendor,
      deployment,
      credential,
    }));
  }
}
