import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '@signalbox/common';
import {
  affinityKeyOf,
  type AttemptPlan,
  type AutoLevel,
  type CatalogueDocument,
  chooseRoute,
  hasLevels,
  type LlmRoute,
  modeOfRoute,
  needsOf,
  type RequestNeeds,
  type RouteChoice,
  type RouteChoiceInput,
  routeTargetOf,
} from '@signalbox/gateway';
import type { Breakers } from '../breakers/breakers';
import type { CredentialDirectory, PaymentDocuments } from '../keys/credential-directory';
import type { Caller } from '../keys/key-directory';
import type { PerformanceView } from '../performance/performance-exchange';
import type { Classifier } from '../routing/classifier';
import { PendingDecision } from '../routing/pending-decision';
import type { RequestRecord } from '../routing/request-record';
import type { CallBody } from './call-body';
import { Refusal } from './refusal';

export interface CandidatesDependencies {
  credentials: CredentialDirectory;
  breakers: Breakers;
  performance: { view(): PerformanceView };
  classifier: Classifier;
  clock: Clock;
  random: () => number;
}

export interface CandidatesQuestion {
  readonly requestId: string;
  readonly caller: Caller;
  readonly route: LlmRoute;
  readonly body: CallBody;
  readonly byteLength: number;
  readonly headers: IncomingHttpHeaders;
  readonly record: RequestRecord;
}

export interface Candidates {
  readonly plan: AttemptPlan;
  readonly catalogue: CatalogueDocument | null;
  readonly allowsAround: RouteChoice['allowsAround'];
}

/** Step 5: what the name stands for, and who may be called, with whose provider keys, in the order in which to try them. */
export class CandidatesStep {
  constructor(private readonly dependencies: CandidatesDependencies) {}

  choose(question: CandidatesQuestion): Candidates | Promise<Candidates> {
    const documents = this.dependencies.credentials.find(question.caller.key);
    return documents instanceof Promise
      ? documents.then((late) => this.chooseBy(question, late))
      : this.chooseBy(question, documents);
  }

  private chooseBy(
    question: CandidatesQuestion,
    documents: PaymentDocuments | null,
  ): Candidates | Promise<Candidates> {
    const input = this.inputOf(question, documents);
    const { policy, asked, catalogue, mode } = input;
    const mayClassify = policy.classification !== 'off' && hasLevels(mode);
    const isAuto = mayClassify && routeTargetOf(asked, policy, catalogue).kind === 'auto';
    return isAuto ? this.classified(question, input) : this.take(question, input);
  }

  private async classified(question: CandidatesQuestion, input: RouteChoiceInput): Promise<Candidates> {
    const { requestId, caller, body, record } = question;
    const { level, classification, attempt } = await this.dependencies.classifier.classify({
      requestId,
      caller,
      fields: body.fields,
      input,
    });
    if (attempt) record.furtherAttempts.push(attempt);
    const auto: AutoLevel = { level, classification };
    return this.take(question, { ...input, auto });
  }

  private take({ record }: CandidatesQuestion, input: RouteChoiceInput): Candidates {
    const choice = chooseRoute(input);
    const { refusal, plan, powerLevel, ranking, allowsAround } = choice;
    record.powerLevel = powerLevel;
    record.facts = input.facts;
    record.decision = ranking && new PendingDecision(choice, input);
    if (refusal !== null && !plan.hasCandidates()) {
      const isOfModel = refusal.code === 'model_not_found' || refusal.code === 'model_not_allowed';
      const { message } = refusal;
      throw new Refusal(refusal.code, {
        ...(isOfModel && { param: 'model' }),
        ...(message !== null && { message }),
      });
    }
    return { plan, catalogue: input.catalogue, allowsAround };
  }

  private inputOf(
    { caller, route, body, byteLength, headers }: CandidatesQuestion,
    documents: PaymentDocuments | null,
  ): RouteChoiceInput {
    const { key, workspace, organization, routing: policy } = caller;
    if (!workspace || !organization || !documents) throw new Refusal('policy_unavailable');
    const { breakers, performance, clock, random } = this.dependencies;
    let needs: RequestNeeds | null = null;
    return {
      asked: body.model,
      policy,
      key,
      workspace,
      organization,
      ...documents,
      performance: performance.view(),
      isBreakerOpen: breakers.openOnes(),
      needs: () => (needs ??= needsOf(body, route.name, byteLength)),
      mode: modeOfRoute(route.name),
      auto: null,
      affinityKey: affinityKeyOf(policy, key.workspace_id, headers['x-session-id'], body.fields),
      draw: random(),
      nowMs: clock.nowMs(),
    };
  }
}
