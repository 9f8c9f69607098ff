import { type ConfigSnapshot, servedDeployments, type SnapshotModel } from './config-snapshot';
import { finding, type LintFinding, type LintSeverity } from './lint-finding';
import { lintDeployment } from './lint-rules/deployment-rules';
import { lintModel, lintOverlaps } from './lint-rules/model-rules';

const weight: Record<LintSeverity, number> = { error: 0, warning: 1, info: 2 };

function lintDeployments(model: SnapshotModel): LintFinding[] {
  return servedDeployments(model).flatMap((deployment) => {
    const path = `models.${model.name}.deployments.${deployment.id}`;
    return lintDeployment({ model, deployment, path });
  });
}

function lintWhole({ models }: ConfigSnapshot): LintFinding[] {
  if (models.some((model) => servedDeployments(model).length > 0)) return [];
  const message = 'The configuration has no deployment: LiteLLM would answer no call.';
  return [finding('config_empty', 'models', message, 'Add a provider and a model with a deployment.')];
}

function byWeightThenPlace(left: LintFinding, right: LintFinding): number {
  if (left.severity !== right.severity) return weight[left.severity] - weight[right.severity];
  if (left.path !== right.path) return left.path < right.path ? -1 : 1;
  return left.code < right.code ? -1 : 1;
}

/** Pure: what LiteLLM would swallow silently, or do otherwise than it looks. The heaviest findings come first. */
export function lintConfig(snapshot: ConfigSnapshot): LintFinding[] {
  return [
    ...lintWhole(snapshot),
    ...snapshot.models.flatMap((model) => [...lintModel(model), ...lintDeployments(model)]),
    ...lintOverlaps(snapshot.models),
  ].sort(byWeightThenPlace);
}
