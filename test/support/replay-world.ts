import { newId } from '@signalbox/common';
import {
  costNanoUsd,
  type DecisionRecord,
  encodeDecision,
  policyHashOf,
  type PowerLevel,
  powerLevels,
  rankCandidates,
  type RoutingPolicy,
  type ScoringCandidate,
  scoringRulesOf,
} from '@signalbox/gateway';
import type { EntityManager } from 'typeorm';
import { aCandidate, plainNeeds } from './scoring-world';
import { seededRandom } from '../stand-ins/openrouter-catalogue.models';

/** A row of usage_events, as far as a replay reads it. */
export interface DecidedEvent {
  readonly organizationId: string;
  readonly workspaceId: string;
  readonly startedAt: Date;
  readonly decision: DecisionRecord | null;
  readonly deploymentId: string | null;
  readonly promptTokens: number;
  readonly answerTokens: number;
  readonly costNanoUsd: number | null;
}

const insertSql = `
  INSERT INTO usage_events (request_id, organization_id, workspace_id, virtual_key_id, call_type, model_requested, deployment_id,
    status_code, complete, prompt_tokens, completion_tokens, usage_source, cost_nano_usd, decision, edge_id, started_at, ended_at)
  SELECT request_id, organization_id, workspace_id, 'key_1', 'chat_completions', 'eco', deployment_id,
    200, true, prompt_tokens, completion_tokens, 'provider', cost_nano_usd, decision, 'edge-1', started_at, started_at
  FROM json_to_recordset($1::json) AS event (request_id text, organization_id text, workspace_id text, deployment_id text,
    prompt_tokens bigint, completion_tokens bigint, cost_nano_usd bigint, decision jsonb, started_at timestamptz)`;

/** Straight into the table: EDGE and worker have tests of their own for the way there. */
export async function insertDecided(manager: EntityManager, events: readonly DecidedEvent[]): Promise<void> {
  const rows = events.map((event) => ({
    request_id: newId('request'),
    organization_id: event.organizationId,
    workspace_id: event.workspaceId,
    deployment_id: event.deploymentId,
    prompt_tokens: event.promptTokens,
    completion_tokens: event.answerTokens,
    cost_nano_usd: event.costNanoUsd,
    decision: event.decision,
    started_at: event.startedAt,
  }));
  await manager.query(insertSql, [JSON.stringify(rows)]);
}

const kinds = ['openai', 'anthropic', 'groq', 'openrouter', 'together', 'google'];

/** A pool of models as a workspace has them: the better ones are dearer, and their figures change all the time. */
function poolAt(random: () => number, size: number): ScoringCandidate[] {
  return Array.from({ length: size }, (_, index) => {
    const price = 0.05 * 1.35 ** index;
    return aCandidate(`dep_${String(index).padStart(2, '0')}`, {
      model: `model-${index % Math.ceil(size * 0.7)}`,
      kind: kinds[index % kinds.length]!,
      usdPerMillion: [price, price * 4],
      facts: { quality: Math.min(0.98, 0.4 + index / (size * 1.6)), region: index % 2 === 0 ? 'eu' : 'us' },
      performance: {
        firstByteMs: 150 + random() * 2_500,
        errorRate: random() < 0.1 ? random() / 2 : 0,
        weight: random() * 50,
      },
      isBreakerOpen: random() < 0.02,
    });
  });
}

export interface TrafficOptions {
  readonly organizationId: string;
  readonly workspaceId: string;
  readonly policy: RoutingPolicy;
  readonly from: Date;
  readonly count: number;
  readonly seed: number;
  readonly candidates?: number;
}

/** Decisions as edges make them, one a second; every tenth request is for a model by its name. */
export function* decidedTraffic(options: TrafficOptions): Generator<DecidedEvent> {
  const random = seededRandom(options.seed);
  for (let index = 0; index < options.count; index += 1) {
    const startedAt = new Date(options.from.getTime() + Math.floor((index * 86_400_000) / options.count));
    yield decidedEvent(options, random, startedAt, index);
  }
}

function decidedEvent(
  { organizationId, workspaceId, policy, candidates: size = 12 }: TrafficOptions,
  random: () => number,
  startedAt: Date,
  index: number,
): DecidedEvent {
  const isNamed = index % 10 === 9;
  const level = powerLevels[Math.floor(random() * powerLevels.length)]!;
  const all = poolAt(random, size);
  const pool = isNamed ? all.filter(({ model }) => model === 'model-1') : all;
  const [promptTokens, answerTokens] = [Math.ceil(random() * 4_000), Math.ceil(random() * 800)];
  const input = {
    candidates: pool,
    needs: { ...plainNeeds, promptTokens, expectedAnswerTokens: 512 },
    rules: scoringRulesOf(policy, isNamed ? { kind: 'model' } : { kind: 'level', level }),
    draw: random(),
    affinityKey: null,
  };
  const ranking = rankCandidates(input);
  const chosen = ranking.ranked[0]?.candidate ?? null;
  const prices = chosen?.facts.prices ?? null;
  return {
    organizationId,
    workspaceId,
    startedAt,
    decision: encodeDecision(subjectOf(policy, isNamed ? null : level), input, ranking),
    deploymentId: chosen?.deployment.id ?? null,
    promptTokens,
    answerTokens,
    costNanoUsd:
      prices &&
      costNanoUsd(prices, { prompt: promptTokens, cacheRead: 0, cacheWrite: 0, answer: answerTokens }),
  };
}

function subjectOf(policy: RoutingPolicy, level: PowerLevel | null) {
  return {
    asked: level ?? 'model-1',
    kind: level === null ? ('model' as const) : ('level' as const),
    powerLevel: level,
    strategy: policy.strategy,
    policy: policyHashOf(policy),
  };
}
