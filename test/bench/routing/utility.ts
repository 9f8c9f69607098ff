import { type PowerLevel, routingPolicy, type ScoringRules, scoringRulesOf } from '@signalbox/gateway';
import type { Day, DayRequest } from './day';
import type { Served } from './strategy';

const preferenceBonus = 0.05;
const policy = routingPolicy.parse({});

/**
 * What an answer was worth to a level, by the formula of docs/routing.md and by what it really cost and how long it really took.
 * No answer is worth nothing. By this all strategies are measured, and the oracle chooses.
 */
export class Utility {
  private readonly rules: ScoringRules;
  private readonly sum: number;

  constructor(
    private readonly day: Day,
    readonly level: PowerLevel,
  ) {
    this.rules = scoringRulesOf(policy, { kind: 'level', level });
    const { cost, latency, quality } = this.rules.weights;
    this.sum = cost + latency + quality;
  }

  of(request: DayRequest, { deployment, totalMs }: Pick<Served, 'deployment' | 'totalMs'>): number {
    if (deployment === null) return 0;
    const { weights, costScalePicoUsd, maxFirstByteMs, preferred } = this.rules;
    const { quality, kind } = this.day.deployments[deployment]!;
    const tokens = request.promptTokens + request.answerTokens;
    const costPer1k = (costPicoUsd(this.day, request, deployment) * 1_000) / tokens;
    const worth =
      weights.cost * saved(costPer1k, costScalePicoUsd) +
      weights.latency * saved(totalMs, maxFirstByteMs) +
      weights.quality * quality;
    return worth / this.sum + (preferred.includes(kind) ? preferenceBonus : 0);
  }

  /** What a moment that is lost with a failed attempt costs. */
  ofLostMs(ms: number): number {
    return ((this.rules.weights.latency / this.sum) * ms) / this.rules.maxFirstByteMs;
  }
}

function saved(amount: number, scale: number): number {
  return amount >= scale ? 0 : 1 - amount / scale;
}

/** By the prices that really hold, whatever anybody believes. */
export function costPicoUsd(day: Day, request: DayRequest, deployment: number): number {
  const { input, output } = day.stateOf(deployment, request.atMs);
  return request.promptTokens * input + request.answerTokens * output;
}
