import { costPer1kPicoUsdOf, requestCostPicoUsd } from './candidate-figures';
import type { DropReason, RequestNeeds, ScoringCandidate, ScoringRules } from './scoring.types';

/** In `regions`: the operator's own servers, wherever they stand. */
const localRegion = 'local';

/** LiteLLM translates between these by itself; other modes serve nobody but themselves. */
const servingModes: Readonly<Record<string, readonly string[]>> = {
  chat: ['chat', 'responses'],
  completion: ['completion', 'chat', 'responses'],
};

export function servesMode(needed: string | null, mode: string | null): boolean {
  if (needed === null || mode === null || needed === mode) return true;
  return Object.hasOwn(servingModes, needed) && servingModes[needed]!.includes(mode);
}

function takesModalities(needed: readonly string[], taken: readonly string[] | null): boolean {
  return taken === null || needed.every((modality) => taken.includes(modality));
}

function answersInJson({ json }: RequestNeeds, { facts }: ScoringCandidate): boolean {
  if (json === 'none') return true;
  if (json === 'schema') return facts.json_schema !== false;
  return facts.json_mode !== false || facts.json_schema === true;
}

/** What the model cannot do. What nobody knows, it can. */
function lacking(candidate: ScoringCandidate, needs: RequestNeeds): DropReason | null {
  const { facts } = candidate;
  const answerTokens = needs.maxAnswerTokens ?? 0;
  if (!servesMode(needs.mode, candidate.mode)) return 'mode';
  if (!takesModalities(needs.inputModalities, facts.input_modalities)) return 'modality';
  if (needs.needsTools && facts.tools === false) return 'tools';
  if (!answersInJson(needs, candidate)) return 'json';
  if (facts.context_length !== null && needs.promptTokens + answerTokens > facts.context_length)
    return 'context_length';
  if (facts.max_output_tokens !== null && answerTokens > facts.max_output_tokens) return 'max_output_tokens';
  return null;
}

function isInRegion(regions: readonly string[] | null, { facts }: Pick<ScoringCandidate, 'facts'>): boolean {
  if (regions === null) return true;
  if (facts.local && regions.includes(localRegion)) return true;
  return facts.region !== null && regions.includes(facts.region);
}

/** Who must not be sent the data. What nobody knows counts against them; one's own server is no stranger. */
export function forbidden(
  candidate: Pick<ScoringCandidate, 'facts'>,
  rules: ScoringRules,
): DropReason | null {
  const { facts } = candidate;
  if (!isInRegion(rules.regions, candidate)) return 'region';
  const retainsNothing = facts.zero_data_retention ?? facts.local;
  const trains = facts.trains_on_data ?? !facts.local;
  if ((rules.zeroDataRetention && !retainsNothing) || (rules.noTraining && trains)) return 'data_policy';
  return null;
}

function tooDear(candidate: ScoringCandidate, needs: RequestNeeds, rules: ScoringRules): DropReason | null {
  const cost = requestCostPicoUsd(candidate, needs);
  if (cost === null) return rules.allowsUnpriced ? null : 'price_unknown';
  const ceiling = rules.maxCostPer1kPicoUsd;
  return ceiling !== null && costPer1kPicoUsdOf(cost, needs) > ceiling ? 'price_ceiling' : null;
}

function unavailable({ deployment, credential, isBreakerOpen }: ScoringCandidate): DropReason | null {
  if (deployment.needs_key && credential === null) return 'credential_missing';
  return isBreakerOpen ? 'breaker_open' : null;
}

/** Why this candidate may not be chosen for this request; null: it may. */
export function dropReasonOf(
  candidate: ScoringCandidate,
  needs: RequestNeeds,
  rules: ScoringRules,
): DropReason | null {
  return unavailable(candidate) ?? lacking(candidate, needs) ?? dropReasonByRules(candidate, needs, rules);
}

/** What the policy says of it, whatever state it is in and whatever it can do. */
export function dropReasonByRules(
  candidate: ScoringCandidate,
  needs: RequestNeeds,
  rules: ScoringRules,
): DropReason | null {
  return forbidden(candidate, rules) ?? tooDear(candidate, needs, rules);
}

/** The same, with what the model lacks forgiven. */
export function dropReasonDespiteLacks(
  candidate: ScoringCandidate,
  needs: RequestNeeds,
  rules: ScoringRules,
): DropReason | null {
  return unavailable(candidate) ?? dropReasonByRules(candidate, needs, rules);
}
