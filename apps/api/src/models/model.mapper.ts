import type { DeploymentEntity } from '@signalbox/database';
import type { Caller } from '@signalbox/domain/access';
import type { MergedFacts } from '@signalbox/domain/catalogue';
import type { DeploymentInput, ModelWithDeployments, UpdateModel } from '@signalbox/domain/models';
import { toKnownFactsView, toStatedFacts, toStatedFactsView } from '../facts/facts.mapper';
import type {
  CreateDeploymentBody,
  DeploymentView,
  ModelView,
  UpdateDeploymentBody,
  UpdateModelBody,
} from './model.dto';

function toDeploymentView(
  deployment: DeploymentEntity,
  known: MergedFacts | undefined,
  caller: Caller,
): DeploymentView {
  const isPlatform = caller.organizationId === null;
  return {
    id: deployment.id,
    provider_id: deployment.providerId,
    provider_kind: deployment.provider?.kind ?? '',
    upstream_model: deployment.upstreamModel,
    credential_id: isPlatform ? deployment.credentialId : null,
    base_url: isPlatform ? deployment.baseUrl : null,
    litellm_params: isPlatform ? deployment.litellmParams : {},
    enabled: deployment.enabled,
    facts: isPlatform ? toStatedFactsView(deployment.facts) : {},
    known_facts: isPlatform ? toKnownFactsView(known) : {},
    version: deployment.version,
  };
}

export function toModelView({ model, deployments, known }: ModelWithDeployments, caller: Caller): ModelView {
  return {
    id: model.id,
    name: model.name,
    mode: model.mode,
    description: model.description,
    is_demo: model.isDemo,
    enabled: model.enabled,
    metadata: model.metadata,
    openrouter_id: model.openrouterId,
    facts: caller.organizationId === null ? toStatedFactsView(model.facts) : {},
    deployments: deployments.map((deployment) =>
      toDeploymentView(deployment, known.get(deployment.id), caller),
    ),
    version: model.version,
    created_at: model.createdAt.toISOString(),
    updated_at: model.updatedAt.toISOString(),
  };
}

export function toModelFields({
  openrouter_id: openrouterId,
  facts,
  ...fields
}: UpdateModelBody): UpdateModel {
  return {
    ...fields,
    ...(openrouterId === undefined ? {} : { openrouterId }),
    ...(facts === undefined ? {} : { facts: toStatedFacts(facts) }),
  };
}

export function toDeploymentInput(body: CreateDeploymentBody): DeploymentInput {
  return { ...toDeploymentChanges(body), providerId: body.provider_id, upstreamModel: body.upstream_model };
}

export function toDeploymentChanges(body: UpdateDeploymentBody): Partial<DeploymentInput> {
  return {
    ...(body.provider_id === undefined ? {} : { providerId: body.provider_id }),
    ...(body.upstream_model === undefined ? {} : { upstreamModel: body.upstream_model }),
    ...(body.credential_id === undefined ? {} : { credentialId: body.credential_id }),
    ...(body.base_url === undefined ? {} : { baseUrl: body.base_url }),
    ...(body.litellm_params === undefined ? {} : { litellmParams: body.litellm_params }),
    ...(body.enabled === undefined ? {} : { enabled: body.enabled }),
    ...(body.facts === undefined ? {} : { facts: toStatedFacts(body.facts) }),
  };
}
