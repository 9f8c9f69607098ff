import { AttemptPlan, type OwnCandidates } from './attempt-plan';
import { lastResortsAmong, type Ranked, rankInOrder } from './candidate-order';
import { type CandidatePool, candidatePoolOf, type PoolInput, scoringCandidatesOf } from './candidate-pool';
import { listsAllow, type ModelList } from './model-allowlist';
import { ModelSelection, protectsData } from './model-selection';
import { randomFrom } from './random-from';
import type { RouteChoice, RouteChoiceInput, RouteRefusal } from './route-choice.types';
import { nobodyLeftMessage, notAllowedMessage, unknownWayMessage } from './route-refusal';
import { type PoolTarget, poolTargetOf, type RouteTarget, routeTargetOf } from './route-target';
import { cascadeOf, resolveAlias } from './routing-policy';
import { type DecisionRecord, encodeDecision } from './scoring/decision-record';
import { dropReasonByRules, forbidden } from './scoring/drop-reason';
import { policyHashOf } from './scoring/policy-hash';
import { scoringRulesOf } from './scoring/scoring-rules';

/** Vectors of different models cannot be compared, so nobody but whoever names models can say which go together. */
const incomparableMode = 'embedding';

/** @param mode of the route */
export function hasLevels(mode: string | null): boolean {
  return mode !== incomparableMode;
}

const listsOf = ({ key, workspace }: PoolInput): ModelList[] => [key.models, workspace.models];

/** One object of one form for every request: plain names come through here thousands of times a second. */
function planOf(
  input: RouteChoiceInput,
  model: string,
  own: OwnCandidates | null,
  selection: ModelSelection | null,
): AttemptPlan {
  return new AttemptPlan({
    model,
    policy: input.policy,
    lists: listsOf(input),
    catalogue: input.catalogue,
    mode: input.mode,
    key: input.key,
    workspace: input.workspace,
    organization: input.organization,
    documentOf: input.documentOf,
    nowMs: input.nowMs,
    random: randomFrom(input.draw),
    own,
    forbidsUnknown: protectsData(input.policy),
    ...(selection && { select: selection.select }),
  });
}

function whyNobody(target: RouteTarget, { dropped }: ModelSelection): string {
  return dropped.length > 0 ? nobodyLeftMessage(target, dropped) : unknownWayMessage(target);
}

function chooseModel(input: RouteChoiceInput, target: RouteTarget): RouteChoice {
  const { name } = target;
  const selection = new ModelSelection(input, name);
  const isAllowed = listsAllow(listsOf(input), name);
  const own = isAllowed ? null : { candidates: [], refusal: 'model_not_allowed' as const };
  const plan = planOf(input, name, own, selection);
  const { refusal: code } = plan;
  const message = code === 'no_candidate_left' ? whyNobody(target, selection) : null;
  return {
    target,
    powerLevel: null,
    refusal: code && { code, message },
    ranking: selection.ranked?.ranking ?? null,
    rankingInput: selection.ranked?.input ?? null,
    plan,
    allowsAround: (_model, deploymentId) => allowsByData(input, deploymentId),
  };
}

/** Where nothing is known of the way, what protects data forbids it. */
function allowsByData(input: RouteChoiceInput, deploymentId: string | null): boolean {
  if (!protectsData(input.policy)) return true;
  const facts = deploymentId === null ? undefined : input.facts?.deployments[deploymentId];
  const rules = scoringRulesOf(input.policy, { kind: 'model' });
  return facts !== undefined && forbidden({ facts }, rules) === null;
}

/** The refusal that tells most: a dead key of one's own, then a missing one, then the operator's. */
const credentialRefusals = [
  'credential_unusable',
  'credential_missing',
  'platform_credential_missing',
] as const;

function refusalOf(target: RouteTarget, pool: CandidatePool, found: Ranked): RouteRefusal | null {
  if (found.order.length > 0) return null;
  if (pool.models > 0 && pool.allowedModels === 0)
    return { code: 'model_not_allowed', message: notAllowedMessage(target) };
  const { dropped } = found.ranking;
  const isForWantOfKeys =
    dropped.length > 0 && dropped.every(({ reason }) => reason === 'credential_missing');
  const code = isForWantOfKeys ? credentialRefusals.find((one) => pool.refusals.has(one)) : undefined;
  if (code) return { code, message: null };
  return { code: 'no_candidate_left', message: nobodyLeftMessage(target, dropped) };
}

/** A group of the policy names its models; all others stand for whoever is there. */
function namesNoModels(target: RouteTarget, { policy }: RouteChoiceInput): boolean {
  return target.kind !== 'group' || !Object.hasOwn(policy.groups, target.name);
}

function refused(input: RouteChoiceInput, target: RouteTarget, refusal: RouteRefusal): RouteChoice {
  const own = { candidates: [], refusal: refusal.code };
  const plan = planOf(input, target.name, own, null);
  const nothing = { powerLevel: null, ranking: null, rankingInput: null };
  return { target, ...nothing, refusal, plan, allowsAround: () => false };
}

function chooseFromPool(
  input: RouteChoiceInput,
  target: RouteTarget,
  scoringTarget: PoolTarget,
): RouteChoice {
  if (!hasLevels(input.mode) && namesNoModels(target, input))
    return refused(input, target, { code: 'power_level_not_served', message: null });
  const pool = candidatePoolOf(input, target, scoringTarget, input.mode);
  const rules = scoringRulesOf(input.policy, scoringTarget);
  const candidates = scoringCandidatesOf(pool, input);
  const found = rankInOrder(input, rules, candidates, lastResortsAmong(candidates, pool.candidates));
  const refusal = refusalOf(target, pool, found);
  const own = { candidates: found.order, refusal: refusal?.code ?? null };
  // It may stand in the pool too, as one that is too dear; for the cascade no ceiling holds.
  const isOfCascade = (model: string): boolean =>
    found.order.every((one) => one.model !== model) &&
    cascadeOf(input.policy, target.name).some((name) => resolveAlias(input.policy, name) === model);
  return {
    target,
    powerLevel: rules.powerLevel,
    refusal,
    ranking: found.ranking,
    rankingInput: found.input,
    plan: planOf(input, target.name, own, new ModelSelection(input, target.name)),
    allowsAround: (model, deploymentId) => {
      const pooled = candidates.find((one) => one.model === model && one.deployment.id === deploymentId);
      return pooled && !isOfCascade(model)
        ? dropReasonByRules(pooled, input.needs(), rules) === null
        : allowsByData(input, deploymentId);
    },
  };
}

/**
 * What a name stands for, who may be called for it, and in which order. Depends on nothing but its input, so that what is
 * explained is what is done.
 */
export function chooseRoute(input: RouteChoiceInput): RouteChoice {
  const target = routeTargetOf(input.asked, input.policy, input.catalogue);
  const scoringTarget = poolTargetOf(target, input.policy, input.auto?.level);
  return scoringTarget ? chooseFromPool(input, target, scoringTarget) : chooseModel(input, target);
}

/** What the usage event keeps of a choice; null: there was nothing to choose from. */
export function decisionOf(choice: RouteChoice, { policy, auto }: RouteChoiceInput): DecisionRecord | null {
  const { target, powerLevel, ranking, rankingInput } = choice;
  if (!ranking || !rankingInput) return null;
  const { kind, name: asked } = target;
  const classification = kind === 'auto' ? (auto?.classification ?? null) : null;
  const subject = { asked, kind, powerLevel, strategy: policy.strategy, policy: policyHashOf(policy) };
  return encodeDecision({ ...subject, ...(classification && { classification }) }, rankingInput, ranking);
}
