import type {
  ExplainedAttempt,
  ExplainedCandidate,
  ExplainedRefusal,
  Explanation,
  OpenBreaker,
  WayAround,
} from '@signalbox/domain/routing';
import {
  type DeploymentFacts,
  formatNanoUsd,
  formatUsd,
  gatewayErrorCodes,
  pricesAt,
  type ScoredCandidate,
} from '@signalbox/gateway';
import type { ExplainedCandidateView, ExplainedRefusalView, RoutingExplanationView } from './explain.view';

function toRefusalView(refusal: ExplainedRefusal | null): ExplainedRefusalView | null {
  return refusal && { ...refusal, status: gatewayErrorCodes[refusal.code].status };
}

function toBreakerView(open: OpenBreaker | null) {
  return {
    state: open ? 'open' : 'closed',
    cause: open?.cause ?? null,
    until: open ? new Date(open.untilMs).toISOString() : null,
  };
}

function usd(picoUsd: number | null): string | null {
  return picoUsd === null ? null : formatUsd(picoUsd);
}

function toPricesView({ prices, price_source: source }: DeploymentFacts, promptTokens: number) {
  const counted = prices && pricesAt(prices, promptTokens);
  return (
    counted && {
      input_usd: usd(counted.input),
      output_usd: usd(counted.output),
      cache_read_usd: usd(counted.cache_read),
      request_usd: usd(counted.request),
      above_prompt_tokens: counted.above_prompt_tokens ?? null,
      source,
    }
  );
}

function toFactsView(facts: DeploymentFacts, promptTokens: number) {
  return {
    catalogue_id: facts.catalogue_id,
    prices: toPricesView(facts, promptTokens),
    quality: facts.quality,
    quality_source: facts.quality_source,
    context_length: facts.context_length,
    max_output_tokens: facts.max_output_tokens,
    input_modalities: facts.input_modalities,
    tools: facts.tools,
    json_mode: facts.json_mode,
    json_schema: facts.json_schema,
    local: facts.local,
    free: facts.free,
    region: facts.region,
    zero_data_retention: facts.zero_data_retention,
    trains_on_data: facts.trains_on_data,
  };
}

function toScoreView({ score, parts, expectedCostNanoUsd, costPer1kPicoUsd, firstByteMs }: ScoredCandidate) {
  return {
    total: score,
    cost: parts.cost,
    latency: parts.latency,
    quality: parts.quality,
    error_factor: parts.errorFactor,
    preference: parts.preference,
    expected_cost_usd: expectedCostNanoUsd === null ? null : formatNanoUsd(expectedCostNanoUsd),
    cost_per_1k_usd: usd(costPer1kPicoUsd),
    first_byte_ms: firstByteMs,
  };
}

function toCandidateView(candidate: ExplainedCandidate, promptTokens: number): ExplainedCandidateView {
  const { deployment, credential, performance } = candidate;
  return {
    place: candidate.place,
    model: candidate.model,
    deployment_id: deployment.id,
    provider: deployment.provider_kind,
    provider_id: deployment.provider_id,
    upstream_model: deployment.upstream_model,
    dropped: candidate.dropped,
    score: candidate.scored && toScoreView(candidate.scored),
    credential: credential && { id: credential.id, owner: credential.owner },
    breaker: toBreakerView(candidate.breaker),
    performance: {
      first_byte_ms: performance.firstByteMs,
      error_rate: performance.errorRate,
      calls: performance.weight,
    },
    facts: toFactsView(candidate.facts, promptTokens),
  };
}

function toAttemptView(attempt: ExplainedAttempt) {
  const { model, deployment, credential, isCrossVendor, source, standsIn, breaker } = attempt;
  return {
    model,
    deployment_id: deployment?.id ?? null,
    provider: deployment?.provider_kind ?? null,
    credential: credential && { id: credential.id, owner: credential.owner },
    source,
    stands_in: standsIn,
    cross_vendor: isCrossVendor,
    breaker: toBreakerView(breaker),
  };
}

function toWayView({ model, via, provider, upstreamModel, deploymentId, credential }: WayAround) {
  return {
    model,
    via,
    provider,
    upstream_model: upstreamModel,
    deployment_id: deploymentId,
    credential: credential && { id: credential.id, owner: credential.owner },
  };
}

function toRulesView({ rules }: Explanation) {
  const { cost, latency, quality } = rules.weights;
  const sum = cost + latency + quality;
  return {
    weights: { cost: cost / sum, latency: latency / sum, quality: quality / sum },
    max_cost_per_1k_usd: usd(rules.maxCostPer1kPicoUsd),
    cost_scale_usd: formatUsd(rules.costScalePicoUsd),
    max_first_byte_ms: rules.maxFirstByteMs,
    preferred: [...rules.preferred],
    prefer_local: rules.preferLocal,
    regions: rules.regions && [...rules.regions],
    zero_data_retention: rules.zeroDataRetention,
    no_training: rules.noTraining,
    allows_unpriced: rules.allowsUnpriced,
    keeps_order: rules.keepsOrder,
    exploration: rules.exploration,
  };
}

function toClassificationView({ auto, wouldAskModel }: Explanation) {
  const classification = auto?.classification;
  if (!classification) return null;
  const { difficulty, reasons } = classification;
  return { difficulty, reasons: [...reasons], would_ask_model: wouldAskModel };
}

export function toExplanationView(explanation: Explanation): RoutingExplanationView {
  const { target, needs, effective } = explanation;
  return {
    name: {
      asked: explanation.asked,
      kind: target.kind,
      name: target.name,
      is_alias: explanation.isAlias,
      power_level: explanation.powerLevel,
    },
    classification: toClassificationView(explanation),
    refusal: toRefusalView(explanation.refusal),
    own_refusal: toRefusalView(explanation.ownRefusal),
    needs: {
      prompt_tokens: needs.promptTokens,
      expected_answer_tokens: needs.expectedAnswerTokens,
      max_answer_tokens: needs.maxAnswerTokens,
      mode: needs.mode,
      input_modalities: [...needs.inputModalities],
      tools: needs.needsTools,
      json: needs.json,
    },
    rules: toRulesView(explanation),
    ordered_by: explanation.orderedBy,
    draw: explanation.draw,
    explores: explanation.isExploring,
    has_affinity: explanation.affinityKey !== null,
    candidates: explanation.candidates.map((candidate) => toCandidateView(candidate, needs.promptTokens)),
    attempts: explanation.attempts.map(toAttemptView),
    attempt_limit: effective.policy.attempt_limit,
    around_litellm: explanation.waysAround.map(toWayView),
    policy: effective.policy,
    layers: effective.layers,
    policy_hash: explanation.policyHash,
    state: {
      read_at: new Date(explanation.atMs).toISOString(),
      release_number: explanation.releaseNumber,
      facts_version: explanation.factsVersion,
    },
  };
}
