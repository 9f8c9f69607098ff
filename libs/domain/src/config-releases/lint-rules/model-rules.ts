import type { ModelMode } from '@signalbox/database';
import { directProvider } from '@signalbox/gateway';
import { isWildcard, reservedModelNames } from '@signalbox/domain/models';
import { baseUrlOf, litellmModelOf } from '../compile-litellm-config';
import { servedDeployments, type SnapshotDeployment, type SnapshotModel } from '../config-snapshot';
import { finding, type LintFinding } from '../lint-finding';

interface ModelContext {
  model: SnapshotModel;
  served: SnapshotDeployment[];
  path: string;
}

type ModelRule = (context: ModelContext) => LintFinding[];

const nameIsFree: ModelRule = ({ model, path }) =>
  reservedModelNames.has(model.name)
    ? [
        finding(
          'model_name_reserved',
          path,
          `${model.name} has a meaning of its own in allowlists.`,
          'Give the model another name.',
        ),
      ]
    : [];

const hasDeployments: ModelRule = ({ model, served, path }) => {
  if (!model.enabled) {
    const advice = 'Set enabled: true on the model to release it.';
    return [finding('model_left_out', path, 'The model is switched off and not released.', advice)];
  }
  if (served.length > 0) return [];
  const message = 'The model has no deployment that is switched on: it is not released.';
  const advice = 'Add a deployment, or switch one of its deployments and their providers on.';
  return [finding('model_without_deployments', path, message, advice)];
};

const leftOutAreNamed: ModelRule = ({ model, path }) => {
  if (!model.enabled) return [];
  return model.deployments
    .filter(({ enabled, provider }) => !enabled || !provider.enabled)
    .map(({ id, enabled, provider }) => {
      const reason = enabled ? `its provider ${provider.name} is switched off` : 'it is switched off';
      const advice = 'Set enabled: true to release it.';
      return finding('deployment_left_out', `${path}.deployments.${id}`, `Not released: ${reason}.`, advice);
    });
};

/** The edge chooses as LiteLLM's simple-shuffle does; see `shareName` in compile-litellm-config.ts. */
const sharesAreWhole: ModelRule = ({ served, path }) => {
  for (const name of ['weight', 'rpm', 'tpm']) {
    const withIt = served.filter(({ litellmParams }) => Number(litellmParams[name] ?? 0) > 0);
    if (withIt.length === 0) continue;
    if (withIt.length === served.length) return [];
    const without = served.filter((deployment) => !withIt.includes(deployment)).map(({ id }) => id);
    const message = `Some deployments set ${name} and others do not: ${without.join(', ')} is used only where no other can be.`;
    return [
      finding('weight_partial', path, message, `Set ${name} on all deployments of the model, or on none.`),
    ];
  }
  return [];
};

const demoIsAlone: ModelRule = ({ served, path }) => {
  const demos = served.filter(({ provider }) => provider.kind === 'demo');
  if (demos.length === 0) return [];
  if (demos.length === served.length) {
    const message = 'Answers of this model are canned: no provider is called.';
    return [finding('demo_model', path, message, 'Remove it when real models are in place.')];
  }
  const message = 'Some calls get canned demo answers, others real ones.';
  return [
    finding('demo_beside_real', path, message, 'Remove the demo deployment, or put it under another model.'),
  ];
};

const deploymentsDiffer: ModelRule = ({ model, served, path }) => {
  const seen = new Map<string, string>();
  return served.flatMap((deployment) => {
    const target = JSON.stringify([
      litellmModelOf(model.mode, deployment),
      baseUrlOf(deployment),
      deployment.credential?.id ?? null,
    ]);
    const first = seen.get(target);
    if (first === undefined) seen.set(target, deployment.id);
    if (first === undefined || deployment.provider.kind === 'demo') return [];
    const message = `It reaches the same model at the same place with the same key as ${first}.`;
    const advice = 'One of them is enough, unless they carry different parameters on purpose.';
    return [finding('duplicate_deployment', `${path}.deployments.${deployment.id}`, message, advice)];
  });
};

const catchAllIsMeant: ModelRule = ({ model, path }) =>
  model.name === '*'
    ? [
        finding(
          'catch_all_model',
          path,
          'Every name that no other model has leads here, mistyped ones too.',
          'Prefer prefix/* if clients need only some names.',
        ),
      ]
    : [];

/** Which route clients of such a model take; other modes cannot go around LiteLLM. */
const routeOfMode: Partial<Record<ModelMode, string>> = {
  chat: 'chat_completions',
  completion: 'completions',
  responses: 'responses',
  embedding: 'embeddings',
};

const hasWayAround: ModelRule = ({ model, served, path }) => {
  const route = routeOfMode[model.mode];
  const isDemo = served.every(({ provider }) => provider.kind === 'demo');
  if (route === undefined || isDemo || model.openrouterId !== null) return [];
  const isReached = served.some(
    ({ provider: { kind } }) => kind === 'openrouter' || directProvider(kind)?.routes.has(route),
  );
  if (isReached) return [];
  const message =
    'While LiteLLM is down its calls fail: it has no id at OpenRouter, and no deployment at a provider that speaks their dialect.';
  const advice = 'Set openrouter_id on the model if OpenRouter has it.';
  return [finding('no_way_around_litellm', path, message, advice)];
};

const rules: ModelRule[] = [
  nameIsFree,
  hasDeployments,
  leftOutAreNamed,
  sharesAreWhole,
  demoIsAlone,
  deploymentsDiffer,
  catchAllIsMeant,
  hasWayAround,
];

export function lintModel(model: SnapshotModel): LintFinding[] {
  const context = { model, served: servedDeployments(model), path: `models.${model.name}` };
  return rules.flatMap((rule) => rule(context));
}

/** Names that a wildcard covers too: LiteLLM prefers the exact name, then the longer pattern. */
export function lintOverlaps(models: readonly SnapshotModel[]): LintFinding[] {
  const served = models.filter((model) => servedDeployments(model).length > 0);
  const wildcards = served.filter(({ name }) => isWildcard(name));
  return served.flatMap(({ name }) => {
    const covering = wildcards.filter(
      (wildcard) => wildcard.name !== name && name.startsWith(wildcard.name.slice(0, -1)),
    );
    if (covering.length === 0) return [];
    const message = `${covering.map((wildcard) => wildcard.name).join(', ')} covers this name too; LiteLLM prefers the more exact one.`;
    const advice = 'Nothing to do if that is meant.';
    return [finding('wildcard_overlap', `models.${name}`, message, advice)];
  });
}
