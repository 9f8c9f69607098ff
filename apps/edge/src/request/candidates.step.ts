import type { Clock } from '@signalbox/common';
import { AttemptPlan, type CatalogueDocument } from '@signalbox/gateway';
import type { CredentialDirectory, PaymentDocuments } from '../keys/credential-directory';
import type { Caller } from '../keys/key-directory';
import { Refusal } from './refusal';

/** What is signed into the context. */
export interface Choice {
  dep: string | null;
  cred: string | null;
  prov: string | null;
}

/** LiteLLM chooses. Its hook then uses no key, so a provider that wants one is not reached by a newer release. */
export const noChoice: Choice = { dep: null, cred: null, prov: null };

export interface CandidatesDependencies {
  credentials: CredentialDirectory;
  clock: Clock;
  random: () => number;
}

export interface Candidates {
  readonly plan: AttemptPlan;
  readonly catalogue: CatalogueDocument | null;
}

/** Step 5: which models on which deployments, and whose provider keys pay, in the order in which to try them. */
export class CandidatesStep {
  constructor(private readonly dependencies: CandidatesDependencies) {}

  /** @param model aliases resolved */
  choose(caller: Caller, model: string): Candidates | Promise<Candidates> {
    const documents = this.dependencies.credentials.find(caller.key);
    return documents instanceof Promise
      ? documents.then((late) => this.plan(caller, model, late))
      : this.plan(caller, model, documents);
  }

  private plan(
    { key, workspace, organization, routing }: Caller,
    model: string,
    documents: PaymentDocuments | null,
  ): Candidates {
    if (!workspace || !organization || !documents) throw new Refusal('policy_unavailable');
    const { clock, random } = this.dependencies;
    const { catalogue, documentOf } = documents;
    const plan = new AttemptPlan({
      model,
      policy: routing,
      lists: [key.models, workspace.models],
      catalogue,
      key,
      workspace,
      organization,
      documentOf,
      nowMs: clock.nowMs(),
      random,
    });
    if (plan.refusal !== null && !plan.hasCandidates())
      throw new Refusal(plan.refusal, plan.refusal === 'model_not_found' ? { param: 'model' } : {});
    return { plan, catalogue };
  }
}
