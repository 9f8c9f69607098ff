import {
  affinityKeyOf,
  type AttemptCandidate,
  type AutoLevel,
  breakerName,
  checkKey,
  chooseRoute,
  difficultyOf,
  findForbiddenField,
  findMistypedField,
  gatewayErrorCodes,
  type GatewayErrorCode,
  type KeyDocument,
  levelByDifficulty,
  modeOfRoute,
  needsOf,
  planFallback,
  policyHashOf,
  poolTargetOf,
  randomFrom,
  type RequestNeeds,
  resolveAlias,
  type RouteChoice,
  type RouteChoiceInput,
  type RoutingPolicy,
  scoringRulesOf,
  unlimited,
} from '@signalbox/gateway';
import { layeredRouting } from '../routing-layers';
import type {
  EdgeState,
  ExplainedAttempt,
  ExplainedCaller,
  ExplainedRefusal,
  ExplainedRequest,
  Explanation,
  OpenBreaker,
  WayAround,
} from './explain.types';
import { explainCandidates } from './explain-candidates';

/** A plan that leads to more than these is one that nobody reads to its end. */
const shownAttempts = 100;

function refusalOf(code: GatewayErrorCode, message: string | null = null): ExplainedRefusal {
  return { code, message: message ?? gatewayErrorCodes[code].message };
}

/** In place of a key that was not named: one that allows all that the workspace allows. */
function anyKeyOf({ organizationId, workspaceId, userId }: ExplainedCaller): KeyDocument {
  return {
    v: 0,
    key_id: '',
    organization_id: organizationId,
    workspace_id: workspaceId,
    key_alias: null,
    models: [],
    status: 'active',
    expires_at: null,
    ...unlimited,
    max_budget: null,
    budget_duration: null,
    user_id: userId,
    service_id: null,
  };
}

/** In the order in which an edge looks at it. */
function refusalOfBody(fields: ExplainedRequest['fields']): ExplainedRefusal | null {
  const mistyped = findMistypedField(fields);
  if (mistyped) return refusalOf('field_invalid', mistyped.message);
  const forbidden = findForbiddenField(fields);
  if (forbidden === null) return null;
  return refusalOf('field_forbidden', `Clients must not set "${forbidden}". Leave it out.`);
}

interface KeyInForce {
  readonly key: KeyDocument;
  readonly refusal: ExplainedRefusal | null;
}

/** Of a key's values the first that may be used now. */
function keyInForce(state: EdgeState, caller: ExplainedCaller): KeyInForce {
  const { workspace, organization, nowMs } = state;
  const keys = caller.keyHashes === null ? [anyKeyOf(caller)] : state.keys;
  const judged = keys.map((key): KeyInForce => {
    const verdict = checkKey({ key, workspace, organization, nowMs, model: null });
    return { key, refusal: verdict.allowed ? null : refusalOf(verdict.code) };
  });
  const usable = judged.find(({ refusal }) => refusal === null);
  return usable ?? judged[0] ?? { key: anyKeyOf(caller), refusal: refusalOf('key_unknown') };
}

interface Classified {
  readonly auto: AutoLevel | null;
  readonly wouldAskModel: boolean;
}

/** By the rules: no call is made here. */
function classified(
  policy: RoutingPolicy,
  fields: ExplainedRequest['fields'],
  needs: RequestNeeds,
): Classified {
  if (policy.classification === 'off') return { auto: null, wouldAskModel: false };
  const { difficulty, isSure, reasons } = difficultyOf(fields, needs);
  const classification = { difficulty, by: 'rules' as const, reasons: [...reasons] };
  return {
    auto: { level: levelByDifficulty[difficulty], classification },
    wouldAskModel: policy.classification === 'model' && !isSure,
  };
}

function plannedOf({ plan }: RouteChoice): AttemptCandidate[] {
  const planned: AttemptCandidate[] = [];
  for (let next = plan.next(); next && planned.length < shownAttempts; next = plan.next()) planned.push(next);
  return planned;
}

function breakerOf(
  { deployment, credential }: AttemptCandidate,
  openBreakers: ReadonlyMap<string, OpenBreaker>,
): OpenBreaker | null {
  const name = deployment && breakerName('litellm', deployment.id, credential?.id ?? null);
  return (name === null ? undefined : openBreakers.get(name)) ?? null;
}

/** As AttemptQueue of the edge goes through a plan: behind an open breaker another key of the same owner's side may stand in. */
function attemptsOf(
  { plan }: RouteChoice,
  planned: readonly AttemptCandidate[],
  ownCount: number,
  openBreakers: ReadonlyMap<string, OpenBreaker>,
): ExplainedAttempt[] {
  const tried = new Set<string>();
  return planned.flatMap((candidate, index): ExplainedAttempt[] => {
    const source = index < ownCount ? ('asked' as const) : ('cascade' as const);
    const breaker = breakerOf(candidate, openBreakers);
    const own: ExplainedAttempt = { ...candidate, source, breaker, standsIn: false };
    if (!breaker || !candidate.credential) return [own];
    tried.add(candidate.credential.id);
    const other = plan.withOtherCredential(candidate, tried);
    const doesPlatformStepIn =
      other?.credential?.owner === 'platform' && candidate.credential.owner !== 'platform';
    if (!other || doesPlatformStepIn) return [own];
    return [own, { ...other, source, breaker: breakerOf(other, openBreakers), standsIn: true }];
  });
}

/** Of the operator's variables with provider keys, those that an edge is started with; LiteLLM has the others (docs/configuration.md). */
const variablesOfEdges: ReadonlySet<string> = new Set(['OPENROUTER_API_KEY']);

function waysAroundOf(
  state: EdgeState,
  input: RouteChoiceInput,
  request: ExplainedRequest,
  choice: RouteChoice,
  models: readonly string[],
): WayAround[] {
  const { catalogue, workspace, organization, documentOf, nowMs } = state;
  if (!catalogue || !workspace || !organization) return [];
  const payer = { key: input.key, workspace, organization, documentOf, nowMs };
  return models.flatMap((model) =>
    planFallback({
      ...payer,
      random: randomFrom(input.draw),
      routing: input.policy,
      catalogue,
      variables: variablesOfEdges,
      model,
      route: request.route,
    })
      .filter(({ deploymentId }) => choice.allowsAround(model, deploymentId))
      .map((way) => ({ ...way, model })),
  );
}

/** What the edge would do with this request, and why: the same choice, on the same documents. */
export function explainRoute(
  state: EdgeState,
  caller: ExplainedCaller,
  request: ExplainedRequest,
): Explanation {
  const { workspace, organization, platformRules, catalogue, facts, openBreakers, nowMs } = state;
  const { fields, model: asked, draw } = request;
  const effective = layeredRouting([
    { layer: 'platform', rules: platformRules },
    { layer: 'organization', rules: organization?.routing ?? {} },
    { layer: 'workspace', rules: workspace?.routing ?? {} },
  ]);
  const { policy } = effective;
  const { key, refusal: keyRefusal } = keyInForce(state, caller);
  const needs = needsOf({ fields, contentType: 'application/json' }, request.route.name, request.byteLength);
  const { auto, wouldAskModel } = classified(policy, fields, needs);
  const input: RouteChoiceInput = {
    asked,
    policy,
    key,
    workspace: workspace ?? { models: [], credential_policy: 'byok_only', platform_fallback: false },
    organization: organization ?? { platform_credentials: false },
    catalogue,
    facts,
    documentOf: state.documentOf,
    nowMs,
    performance: state.performance,
    isBreakerOpen: openBreakers.size === 0 ? null : (name) => openBreakers.has(name),
    needs: () => needs,
    mode: modeOfRoute(request.route.name),
    auto,
    affinityKey: affinityKeyOf(policy, caller.workspaceId, request.sessionId, fields),
    draw,
  };
  const choice = chooseRoute(input);
  const own = plannedOf(chooseRoute({ ...input, policy: { ...policy, cascades: {} } }));
  const planned = plannedOf(choice);
  const ofChoice = choice.refusal && refusalOf(choice.refusal.code, choice.refusal.message);
  const refusal = keyRefusal ?? refusalOfBody(fields) ?? (planned.length === 0 ? ofChoice : null);
  const attempts = refusal ? [] : attemptsOf(choice, planned, own.length, openBreakers);
  // Of a model by its name: the weights of the workspace's level, and no ceiling.
  const rules = scoringRulesOf(policy, poolTargetOf(choice.target, policy, auto?.level) ?? { kind: 'model' });
  const { candidates, orderedBy } = explainCandidates(input, choice, own, rules, openBreakers);
  return {
    asked,
    target: choice.target,
    isAlias: resolveAlias(policy, asked) !== asked,
    powerLevel: choice.powerLevel,
    auto: choice.target.kind === 'auto' ? auto : null,
    wouldAskModel: choice.target.kind === 'auto' && wouldAskModel,
    effective,
    policyHash: policyHashOf(policy),
    rules,
    needs,
    draw,
    isExploring: choice.ranking?.isExploring ?? false,
    affinityKey: input.affinityKey,
    orderedBy,
    refusal,
    ownRefusal: ofChoice,
    candidates,
    attempts,
    waysAround: waysAroundOf(state, input, request, choice, [...new Set(attempts.map((one) => one.model))]),
    releaseNumber: catalogue?.release_number ?? null,
    factsVersion: facts?.v ?? null,
    atMs: nowMs,
  };
}
