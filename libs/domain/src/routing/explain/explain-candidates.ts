import {
  type AttemptCandidate,
  breakerName,
  candidateAsItIs,
  findCatalogueModel,
  rankCandidates,
  resolveCredentials,
  type RouteChoice,
  type RouteChoiceInput,
  type ScoringCandidate,
  type ScoringRules,
} from '@signalbox/gateway';
import type { ExplainedCandidate, Explanation, OpenBreaker } from './explain.types';

interface Explained {
  readonly candidates: readonly ExplainedCandidate[];
  readonly orderedBy: Explanation['orderedBy'];
}

interface Named {
  readonly model: string;
  readonly deployment: { readonly id: string } | null;
}

/** One deployment may serve several names of a pool, by a wildcard. */
function nameOf({ model, deployment }: Named): string {
  return `${model}\n${deployment?.id ?? ''}`;
}

/** Every deployment of a model that was asked for by its name, with the credential that would pay, if there is one. */
function deploymentsOf(input: RouteChoiceInput, name: string): readonly ScoringCandidate[] {
  const entry = input.catalogue && findCatalogueModel(input.catalogue, name);
  if (!entry) return [];
  return entry.deployments.map((deployment) => {
    const found = resolveCredentials({ ...input, deployments: [deployment], random: () => 0 });
    const credential = found.ok ? (found.candidates[0]?.credential ?? null) : null;
    return candidateAsItIs({ model: name, mode: entry.mode, deployment, credential }, input);
  });
}

/** Whose key is out of credit is not scored, and comes after all others. */
function lastResortsOf(own: readonly AttemptCandidate[], input: RouteChoiceInput): ScoringCandidate[] {
  return own.flatMap(({ model, deployment, credential }) => {
    if (!deployment) return [];
    const mode = (input.catalogue && findCatalogueModel(input.catalogue, model)?.mode) ?? null;
    return [candidateAsItIs({ model, mode, deployment, credential }, input)];
  });
}

/**
 * Everybody who was looked at: those that are tried in their order, then those that were dropped. Where the operator's shares decide,
 * or there is but one, the score is what it would be.
 *
 * @param own what was asked for gives these, in order
 */
export function explainCandidates(
  input: RouteChoiceInput,
  choice: RouteChoice,
  own: readonly AttemptCandidate[],
  rules: ScoringRules,
  openBreakers: ReadonlyMap<string, OpenBreaker>,
): Explained {
  const { target, ranking } = choice;
  const ofModel = target.kind === 'model' ? deploymentsOf(input, target.name) : [];
  const judged =
    ranking ??
    rankCandidates({ candidates: ofModel, needs: input.needs(), rules, draw: 1, affinityKey: null });
  const places = new Map(own.map((one, index) => [nameOf(one), index + 1]));
  const scored = new Map(judged.ranked.map((one) => [nameOf(one.candidate), one]));
  const dropped = new Map(judged.dropped.map(({ candidate, reason }) => [nameOf(candidate), reason]));
  const looked = new Map<string, ScoringCandidate>();
  const found = [...judged.ranked, ...judged.dropped].map(({ candidate }) => candidate);
  for (const one of [...found, ...ofModel, ...lastResortsOf(own, input)])
    if (!looked.has(nameOf(one))) looked.set(nameOf(one), one);
  const candidates = [...looked].map(([name, one]): ExplainedCandidate => {
    const place = places.get(name) ?? null;
    const { model, deployment, credential, facts, performance } = one;
    return {
      model,
      deployment,
      credential,
      facts,
      performance,
      breaker: openBreakers.get(breakerName('litellm', deployment.id, credential?.id ?? null)) ?? null,
      place,
      scored: scored.get(name) ?? null,
      dropped: place === null ? (dropped.get(name) ?? null) : null,
    };
  });
  const last = Number.MAX_SAFE_INTEGER;
  candidates.sort((left, right) => (left.place ?? last) - (right.place ?? last));
  if (ranking) return { candidates, orderedBy: 'score' };
  return { candidates, orderedBy: candidates.length > 1 ? 'shares' : 'none' };
}
