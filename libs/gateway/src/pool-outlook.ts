import { poolModels, type PoolQuestion } from './candidate-pool';
import { candidateAsItIs } from './candidate-state';
import type { FactsDocument } from './projection.documents';
import type { PoolTarget, RouteTarget } from './route-target';
import { dropReasonByRules } from './scoring/drop-reason';
import { scoringRulesOf } from './scoring/scoring-rules';
import type { DropReason, RequestNeeds } from './scoring/scoring.types';

/** A question of a page, and an answer of usual length. */
const usualRequest: RequestNeeds = {
  promptTokens: 1_000,
  cachedPromptTokens: 0,
  maxAnswerTokens: null,
  expectedAnswerTokens: 512,
  mode: 'chat',
  inputModalities: ['text'],
  needsTools: false,
  json: 'none',
};

/**
 * How many deployments behind a level or a group the rules keep from a usual request, by reason, whoever asks and whatever state they
 * are in. null: somebody is left, or there is nobody at all.
 */
export function dropsOfAll(
  question: PoolQuestion & { readonly facts: Pick<FactsDocument, 'deployments'> },
  asked: RouteTarget,
  target: PoolTarget,
): ReadonlyMap<DropReason, number> | null {
  const { facts, policy } = question;
  const rules = scoringRulesOf(policy, target);
  const drops = new Map<DropReason, number>();
  for (const { name, entry, isAllowed } of poolModels(question, asked, target, usualRequest.mode)) {
    if (!isAllowed) continue;
    for (const deployment of entry.deployments) {
      const planned = { model: name, mode: entry.mode, deployment, credential: null };
      const candidate = candidateAsItIs(planned, { facts, performance: new Map(), isBreakerOpen: null });
      const reason = dropReasonByRules(candidate, usualRequest, rules);
      if (reason === null) return null;
      drops.set(reason, (drops.get(reason) ?? 0) + 1);
    }
  }
  return drops.size === 0 ? null : drops;
}
