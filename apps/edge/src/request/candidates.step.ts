import type { Clock } from '@signalbox/common';
import {
  type Candidate,
  type CatalogueDeployment,
  type CatalogueDocument,
  findCatalogueModel,
  resolveCredentials,
} from '@signalbox/gateway';
import type { CredentialDirectory } from '../keys/credential-directory';
import type { Caller } from '../keys/key-directory';
import type { EdgeRequest } from './edge-request';
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

function choiceOf({ deployment, credential }: Candidate): Choice {
  return { dep: deployment.id, cred: credential?.id ?? null, prov: deployment.provider_id };
}

function note({ facts, response }: EdgeRequest, { deployment, credential }: Candidate): void {
  facts.deployment_id = deployment.id;
  if (!credential) return;
  facts.credential_id = credential.id;
  facts.credential_owner = credential.owner;
  response.setHeader('x-signalbox-credential-owner', credential.owner);
}

/** Empty: there is no release yet that says what this edge must know. */
function deploymentsOf(catalogue: CatalogueDocument | null, model: string): CatalogueDeployment[] {
  const found = catalogue && findCatalogueModel(catalogue, model);
  const isTold = catalogue?.models.some(({ deployments }) => deployments.length > 0) ?? false;
  if (isTold && !found) throw new Refusal('model_not_found', { param: 'model' });
  return found?.deployments ?? [];
}

/** Step 5: which deployment, and whose provider key pays. The next candidates will be tried by the step after this one. */
export class CandidatesStep {
  constructor(private readonly dependencies: CandidatesDependencies) {}

  async choose(edgeRequest: EdgeRequest, caller: Caller, model: string): Promise<Choice> {
    const { credentials, clock, random } = this.dependencies;
    const { key, workspace, organization } = caller;
    if (!workspace || !organization) throw new Refusal('policy_unavailable');
    const documents = await credentials.find(key);
    if (!documents) throw new Refusal('policy_unavailable');
    const { catalogue, documentOf } = documents;
    const deployments = deploymentsOf(catalogue, model);
    if (deployments.length === 0) {
      // A release of an older version, whose file pays with the platform's keys.
      const mayPlatformPay = organization.platform_credentials && workspace.credential_policy !== 'byok_only';
      if (!mayPlatformPay) throw new Refusal('credential_missing');
      return noChoice;
    }
    const nowMs = clock.nowMs();
    const payer = { key, workspace, organization };
    const resolution = resolveCredentials({ ...payer, documentOf, deployments, nowMs, random });
    if (!resolution.ok) throw new Refusal(resolution.code);
    const [first] = resolution.candidates;
    if (!first) return noChoice;
    note(edgeRequest, first);
    return choiceOf(first);
  }
}
