import { invalidField } from '@signalbox/common';
import { type StatedFacts, withStated } from '@signalbox/gateway';
import { DeploymentEntity, type CredentialEntity, type ProviderEntity } from '@signalbox/database';
import { checkBaseUrl } from '@signalbox/domain/providers';
import { checkLitellmParams } from './litellm-params';
import { checkUpstreamModel } from './upstream-model';

export interface DeploymentInput {
  providerId: string;
  upstreamModel: string;
  credentialId?: string | null | undefined;
  baseUrl?: string | null | undefined;
  litellmParams?: Record<string, unknown> | undefined;
  enabled?: boolean | undefined;
  facts?: StatedFacts | undefined;
}

export interface DeploymentTargets {
  provider: ProviderEntity;
  credential: CredentialEntity | null;
}

function checkCredential({ provider, credential }: DeploymentTargets): void {
  if (credential === null || credential.providerId === provider.id) return;
  throw invalidField('credential_id', 'belongs to another provider');
}

/** Overwrites what is given and leaves the rest; throws validation_failed when the result makes no sense. */
export function assignDeployment(
  deployment: DeploymentEntity,
  input: Partial<DeploymentInput>,
  targets: DeploymentTargets,
): DeploymentEntity {
  checkCredential(targets);
  deployment.providerId = targets.provider.id;
  deployment.credentialId = targets.credential?.id ?? null;
  if (input.upstreamModel !== undefined) deployment.upstreamModel = input.upstreamModel;
  if (input.baseUrl !== undefined) {
    deployment.baseUrl = input.baseUrl === null ? null : checkBaseUrl(input.baseUrl);
  }
  if (input.litellmParams !== undefined) deployment.litellmParams = input.litellmParams;
  if (input.enabled !== undefined) deployment.enabled = input.enabled;
  if (input.facts !== undefined) deployment.facts = withStated(deployment.facts, input.facts);
  checkUpstreamModel(deployment.upstreamModel);
  checkLitellmParams(deployment.litellmParams, targets.provider.kind);
  return deployment;
}

export function newDeployment(
  id: string,
  modelId: string,
  now: Date,
  input: DeploymentInput,
  targets: DeploymentTargets,
): DeploymentEntity {
  const blank = Object.assign(new DeploymentEntity(), {
    id,
    version: 1,
    modelId,
    upstreamModel: input.upstreamModel,
    baseUrl: null,
    litellmParams: {},
    enabled: true,
    facts: {},
    createdAt: now,
    updatedAt: now,
  });
  return assignDeployment(blank, input, targets);
}
