import type { ReleasedDeployment, ReleasedModel } from '@signalbox/database';
import type { StatedFacts } from '@signalbox/gateway';
import type { FactsSubject } from './facts.types';

export interface ServedDeployment {
  readonly model: ReleasedModel;
  readonly deployment: ReleasedDeployment;
}

/** By id: what LiteLLM calls until the next release, whatever the tables of models and providers say by now. */
export function servedDeployments(models: readonly ReleasedModel[]): Map<string, ServedDeployment> {
  return new Map(
    models.flatMap((model) =>
      (model.deployments ?? []).map((deployment) => [deployment.id, { model, deployment }] as const),
    ),
  );
}

/**
 * A deployment with what it calls as it is released: a price of the model that it is to call would be charged for calls of the one that it
 * still calls. What an admin states of it counts at once.
 * @param providers what is stated of each, by id
 */
export function asServed(
  subject: FactsSubject,
  { model, deployment }: ServedDeployment,
  providers: ReadonlyMap<string, StatedFacts>,
): FactsSubject {
  // Releases of older versions do not say what a deployment calls.
  if (!deployment.upstream_model) return subject;
  return {
    ...subject,
    kind: deployment.provider_kind,
    upstreamModel: deployment.upstream_model,
    baseUrl: deployment.base_url ?? null,
    modelName: model.name,
    openrouterId: model.openrouter_id ?? null,
    stated: { ...subject.stated, provider: providers.get(deployment.provider_id) ?? {} },
  };
}
