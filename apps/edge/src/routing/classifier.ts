import type { Clock, NamedKey } from '@signalbox/common';
import {
  type AttemptCandidate,
  breakerName,
  chooseRoute,
  type DeploymentFacts,
  type Difficulty,
  difficultyOf,
  type DifficultyVerdict,
  levelByDifficulty,
  type AutoLevel,
  type RouteChoiceInput,
  type ScoredCandidate,
  taskOf,
  type UsageAttempt,
} from '@signalbox/gateway';
import type { Breakers } from '../breakers/breakers';
import type { Caller } from '../keys/key-directory';
import { litellmHeaders } from '../request/litellm-headers';
import type { LitellmConnection } from '../upstream/litellm-connection';
import { type ExchangeOutcome, UpstreamExchange, type UpstreamRequest } from '../upstream/upstream-exchange';
import { callCostNanoUsd } from './call-cost';
import { classificationBody, classificationQuestion, readClassification } from './classification-call';

/** The request waits for it. */
const timeLimitMs = 1_500;
const path = '/v1/chat/completions';
/** Where the policy names no model: the cheapest one of this level. */
const cheapLevel = 'eco';

export interface ClassifierDependencies {
  litellm: LitellmConnection;
  breakers: Breakers;
  signingKeys: readonly NamedKey[];
  clock: Clock;
}

export interface ClassificationQuestion {
  readonly requestId: string;
  readonly caller: Caller;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Of the request itself. */
  readonly input: RouteChoiceInput;
}

export interface Classified extends AutoLevel {
  /** The call of a model that was made for it, for the usage event. */
  readonly attempt: UsageAttempt | null;
}

type Asked = Pick<UsageAttempt, 'status' | 'failure' | 'cost_nano_usd'> & { difficulty: Difficulty | null };

function classified(
  difficulty: Difficulty,
  by: 'rules' | 'model',
  { reasons }: DifficultyVerdict,
  attempt: UsageAttempt | null,
): Classified {
  const level = levelByDifficulty[difficulty];
  return { level, classification: { difficulty, by, reasons }, attempt };
}

/** Which level `auto` means for a request: by rules, and where they are unsure and the policy wants it, by a cheap model. */
export class Classifier {
  constructor(private readonly dependencies: ClassifierDependencies) {}

  /** Never rejects: whatever the model does, the rules have said something. */
  async classify(question: ClassificationQuestion): Promise<Classified> {
    const { fields, input } = question;
    const verdict = difficultyOf(fields, input.needs());
    const byRules = classified(verdict.difficulty, 'rules', verdict, null);
    if (verdict.isSure || input.policy.classification !== 'model') return byRules;
    const { litellm, breakers, clock } = this.dependencies;
    const task = taskOf(fields);
    const candidate = litellm.isDown() ? null : candidateOf({ ...input, ...classificationQuestion(task) });
    if (!candidate || isBehindBreaker(candidate, input)) return byRules;
    const breaker = nameIn('classification', candidate);
    if (breakers.verdict(breaker) === 'open') return byRules;
    const startedAtMs = clock.nowMs();
    const { difficulty, ...told } = await this.ask(question, candidate, task);
    breakers.note(breaker, { failure: difficulty ? null : 'invalid_answer', retryAfterMs: null });
    const attempt = this.lineOf(candidate, startedAtMs, told);
    return difficulty ? classified(difficulty, 'model', verdict, attempt) : { ...byRules, attempt };
  }

  private async ask(
    { requestId, caller, input }: ClassificationQuestion,
    candidate: AttemptCandidate,
    task: string,
  ): Promise<Asked> {
    const body = classificationBody(candidate.model, task);
    const request = this.requestOf(`${requestId}_c`, caller, candidate, body);
    let exchange: UpstreamExchange | null = null;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), timeLimitMs);
    });
    const asked = this.dependencies.litellm
      .ask((dispatcher) => (exchange = new UpstreamExchange(dispatcher, request)))
      .catch((): null => null);
    const outcome = await Promise.race([asked, limit]);
    clearTimeout(timer);
    if (outcome) return read(outcome, factsOf(input, candidate));
    (exchange as UpstreamExchange | null)?.abort(new Error('the classification took too long'));
    return { ...nothing, failure: 'timeout' };
  }

  private requestOf(
    requestId: string,
    caller: Caller,
    { model, deployment, credential }: AttemptCandidate,
    body: Buffer,
  ): UpstreamRequest {
    const { signingKeys, clock } = this.dependencies;
    const choice = {
      dep: deployment?.id ?? null,
      cred: credential?.id ?? null,
      prov: deployment?.provider_id ?? null,
    };
    const call = { requestId, method: 'POST', path, model, caller, choice } as const;
    const headers = litellmHeaders(call, {}, 'application/json', signingKeys, clock.nowMs());
    return { method: 'POST', path, headers, body, answerTimeoutMs: timeLimitMs };
  }

  private lineOf(
    { model, deployment, credential }: AttemptCandidate,
    startedAtMs: number,
    told: Omit<Asked, 'difficulty'>,
  ): UsageAttempt {
    return {
      route: 'litellm',
      model,
      provider: deployment?.provider_kind ?? null,
      deployment_id: deployment?.id ?? null,
      credential_id: credential?.id ?? null,
      ...told,
      purpose: 'classification',
      started_at_ms: startedAtMs,
      duration_ms: Math.max(this.dependencies.clock.nowMs() - startedAtMs, 0),
    };
  }
}

const nothing: Asked = { difficulty: null, status: null, failure: null, cost_nano_usd: null };

function factsOf({ facts }: RouteChoiceInput, { deployment }: AttemptCandidate): DeploymentFacts | null {
  return (deployment && facts?.deployments[deployment.id]) ?? null;
}

function read(outcome: ExchangeOutcome, facts: DeploymentFacts | null): Asked {
  if (outcome.kind === 'failed') return { ...nothing, failure: 'no_answer' };
  const { status, body } = outcome;
  if (status !== 200) return { ...nothing, status, failure: 'provider_error' };
  const { difficulty, usage } = readClassification(body);
  const failure = difficulty ? null : 'invalid_answer';
  return { difficulty, status, failure, cost_nano_usd: callCostNanoUsd(usage, facts) };
}

/**
 * Its own beside that of the deployment: requests stop waiting for a model that is too slow for this, and whoever asks for that
 * model itself, with more patience, still gets it.
 */
function nameIn(
  route: 'litellm' | 'classification',
  { model, deployment, credential }: AttemptCandidate,
): string {
  return breakerName(route, deployment?.id ?? model, credential?.id ?? null);
}

/** The choice leaves such candidates last, where nobody else is left. */
function isBehindBreaker(candidate: AttemptCandidate, { isBreakerOpen }: RouteChoiceInput): boolean {
  return isBreakerOpen?.(nameIn('litellm', candidate)) ?? false;
}

/** Held to the same lists and rules as every call of this key. null: nobody may be asked. */
function candidateOf(input: RouteChoiceInput): AttemptCandidate | null {
  const asked = input.policy.classification_model ?? cheapLevel;
  const { plan, ranking, refusal } = chooseRoute({ ...input, asked, auto: null, affinityKey: null, draw: 1 });
  if (refusal) return null;
  if (input.policy.classification_model !== null) return plan.next();
  const [first, ...others] = ranking?.ranked ?? [];
  if (!first) return plan.next();
  const costOf = ({ costPicoUsd }: ScoredCandidate): number => costPicoUsd ?? Number.POSITIVE_INFINITY;
  const cheapest = others.reduce((best, one) => (costOf(one) < costOf(best) ? one : best), first);
  const { model, deployment, credential } = cheapest.candidate;
  return { model, deployment, credential, isCrossVendor: false };
}
