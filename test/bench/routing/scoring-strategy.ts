import {
  afterResult,
  beginProbe,
  type Breaker,
  breakerVerdict,
  type CallSums,
  closedBreaker,
  type DeploymentPerformance,
  type FailureReason,
  noCalls,
  performanceOf,
  type PowerLevel,
  rankCandidates,
  type RankingInput,
  type RoutingPolicy,
  routingPolicy,
  type ScoringCandidate,
  scoringRulesOf,
  withCall,
} from '@signalbox/gateway';
import { seededRandom } from '../../stand-ins/openrouter-catalogue.models';
import { aDeployment, plainNeeds } from '../../support/scoring-world';
import { type Day, type DayRequest, type Outcome, retryAfterMs } from './day';
import type { FailureKind } from './day-deployments';
import type { KnownFacts } from './known-facts';
import type { Run, Strategy, Try } from './strategy';

const reasons: Readonly<Record<FailureKind, FailureReason>> = {
  connect: 'connect_error',
  server: 'provider_error',
  rate: 'rate_limited',
  hang: 'first_byte_timeout',
};
/** Where the request does not say how long its answer may be: request-needs.ts. */
const expectedAnswerTokens = 512;

/** As in apps/edge/src/performance. */
const exchangeEveryMs = 2_000;

/** One edge as it is in the product: its own breakers and performance, ranked by the product's own pure functions. */
class SimulatedEdge {
  private readonly sums: CallSums[];
  private readonly breakers: Breaker[];
  private view: readonly DeploymentPerformance[] = [];
  private viewedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly day: Day,
    private readonly known: KnownFacts,
    private readonly random: () => number,
  ) {
    this.sums = day.deployments.map(() => noCalls);
    this.breakers = day.deployments.map(() => closedBreaker);
  }

  candidates(nowMs: number): ScoringCandidate[] {
    const view = this.performanceAt(nowMs);
    return this.day.deployments.map(({ id, model, kind }, index) => ({
      model,
      mode: 'chat',
      deployment: aDeployment(id, kind),
      credential: { id: 'cred_1', owner: 'platform' },
      facts: this.known.of(index, nowMs),
      performance: view[index]!,
      isBreakerOpen: this.isOpen(index, nowMs),
    }));
  }

  /** As of the last exchange between the edges. */
  private performanceAt(nowMs: number): readonly DeploymentPerformance[] {
    if (nowMs - this.viewedAtMs >= exchangeEveryMs) {
      this.view = this.sums.map((sums) => performanceOf([sums], nowMs));
      this.viewedAtMs = nowMs;
    }
    return this.view;
  }

  isOpen(index: number, nowMs: number): boolean {
    return breakerVerdict(this.breakers[index]!, nowMs) === 'open';
  }

  begin(index: number, nowMs: number): void {
    this.breakers[index] = beginProbe(this.breakers[index]!, nowMs) ?? this.breakers[index]!;
  }

  ended(index: number, outcome: Outcome, nowMs: number): void {
    const hasFailed = 'failure' in outcome;
    const result = hasFailed
      ? {
          reason: reasons[outcome.failure],
          retryAfterMs: outcome.failure === 'rate' ? retryAfterMs : null,
        }
      : 'success';
    this.breakers[index] = afterResult(this.breakers[index]!, result, nowMs, this.random);
    // A limit of a key is no failure of the provider's.
    if (hasFailed && outcome.failure === 'rate') return;
    const firstByteMs = hasFailed ? null : outcome.firstByteMs;
    this.sums[index] = withCall(this.sums[index]!, { firstByteMs }, nowMs);
  }
}

class ScoredRun implements Run {
  private place = 0;

  constructor(
    private readonly edge: SimulatedEdge,
    private readonly order: readonly number[],
  ) {}

  next(nowMs: number): Try | null {
    while (this.place < this.order.length) {
      const deployment = this.order[this.place++]!;
      if (this.edge.isOpen(deployment, nowMs)) continue;
      this.edge.begin(deployment, nowMs);
      return { deployment, ended: (outcome, atMs) => this.edge.ended(deployment, outcome, atMs) };
    }
    return null;
  }
}

function needsOf({ promptTokens }: DayRequest) {
  return { ...plainNeeds, promptTokens, expectedAnswerTokens };
}

/** As rankInOrder of libs/gateway: who is behind an open breaker comes last, and is looked at once more when it is its turn. */
function orderOf(input: RankingInput): ScoringCandidate[] {
  const open = input.candidates.filter(({ isBreakerOpen }) => isBreakerOpen);
  const late = open.map((one) => ({ ...one, isBreakerOpen: false }));
  const rankings = [rankCandidates(input), rankCandidates({ ...input, candidates: late, draw: 1 })];
  return rankings.flatMap(({ ranked }) => ranked.map(({ candidate }) => candidate));
}

/** `eco`, `balanced` or `precision`, as a client asks for it. */
export function scored(
  day: Day,
  known: KnownFacts,
  level: PowerLevel,
  strategy: RoutingPolicy['strategy'] = 'level',
): Strategy {
  const random = seededRandom(7);
  const policy = routingPolicy.parse({ strategy });
  const edge = new SimulatedEdge(day, known, random);
  const places = new Map(day.deployments.map(({ id }, index) => [id, index]));
  const rules = scoringRulesOf(policy, { kind: 'level', level });
  return {
    name: strategy === 'level' ? `Signalbox, ${level}` : `Signalbox, ${level}, strategy ${strategy}`,
    begin(request) {
      const candidates = edge.candidates(request.atMs);
      const input = { candidates, needs: needsOf(request), rules, draw: random(), affinityKey: null };
      const order = orderOf(input).map(({ deployment }) => places.get(deployment.id)!);
      return new ScoredRun(edge, order);
    },
  };
}

/** The order of the list, with nothing of ours but the breakers: what failover alone does. */
export function fixedOrderWithBreakers(day: Day, known: KnownFacts): Strategy {
  const edge = new SimulatedEdge(day, known, seededRandom(7));
  const order = day.deployments.map((_, index) => index);
  return { name: 'fixed order, with breakers', begin: () => new ScoredRun(edge, order) };
}
