import type { CandidatesOfModel, PlannedCandidate } from './attempt-plan';
import { lastResortsAmong, type Ranked, rankInOrder } from './candidate-order';
import { candidateAsItIs } from './candidate-state';
import type { CatalogueDeployment } from './projection.documents';
import type { RouteChoiceInput } from './route-choice.types';
import type { RoutingPolicy } from './routing-policy';
import { forbidden } from './scoring/drop-reason';
import { scoringRulesOf } from './scoring/scoring-rules';
import type { DroppedCandidate, ScoringCandidate, ScoringRules } from './scoring/scoring.types';

export function protectsData({
  regions,
  zero_data_retention: zdr,
  no_training: noTraining,
}: RoutingPolicy): boolean {
  return regions !== null || zdr || noTraining;
}

/** The operator has said how the deployments share the calls. */
function hasShares(deployments: readonly CatalogueDeployment[]): boolean {
  return deployments.some(({ weight, order }) => weight !== 1 || order !== 0);
}

/** The deployments of one model: by score, unless the operator has said how they share the calls, or there is but one. */
export class ModelSelection {
  /** Of the model that was asked for. */
  ranked: Ranked | null = null;
  dropped: readonly DroppedCandidate[] = [];

  constructor(
    private readonly input: RouteChoiceInput,
    private readonly asked: string,
  ) {}

  private get rules(): ScoringRules {
    return scoringRulesOf(this.input.policy, { kind: 'model' });
  }

  readonly select = ({ name, entry, candidates }: CandidatesOfModel): readonly PlannedCandidate[] => {
    const isShared = entry.deployments.length === 1 || hasShares(entry.deployments);
    if (isShared && !protectsData(this.input.policy))
      return candidates.map(({ deployment, credential }) => ({ model: name, deployment, credential }));
    const scoring = candidates.map(({ deployment, credential }) =>
      candidateAsItIs({ model: name, mode: entry.mode, deployment, credential }, this.input),
    );
    if (isShared) return this.allowed(name, scoring);
    const ranked = rankInOrder(this.input, this.rules, scoring, lastResortsAmong(scoring, candidates));
    if (name === this.asked) [this.ranked, this.dropped] = [ranked, ranked.ranking.dropped];
    return ranked.order;
  };

  /** What protects data holds for shares too. */
  private allowed(name: string, scoring: readonly ScoringCandidate[]): readonly ScoringCandidate[] {
    const dropped = scoring.flatMap((candidate) => {
      const reason = forbidden(candidate, this.rules);
      return reason === null ? [] : [{ candidate, reason }];
    });
    if (name === this.asked) this.dropped = dropped;
    const left = new Set(dropped.map(({ candidate }) => candidate));
    return scoring.filter((one) => !left.has(one));
  }
}
