import { costNanoUsd, type PricedTokens, pricesCharged, type ScoringCandidate } from '@signalbox/gateway';

/** What a request used, and what it cost by the prices that were in force. */
export interface ActualUse {
  /** null: nobody said how many tokens it took, so there is nothing to be reckoned. */
  readonly tokens: PricedTokens | null;
  /** Booked. null: no price was known. */
  readonly costNanoUsd: number | null;
}

/** Why costs are not set beside each other. */
export type CostGap = 'no_tokens' | 'price_unknown_before' | 'price_unknown_after' | 'nobody_left';

export interface CostPair {
  readonly beforeNanoUsd: number;
  readonly afterNanoUsd: number;
}

/** By a wildcard one deployment serves several models. */
export function isSameChoice(before: ScoringCandidate | null, after: ScoringCandidate | null): boolean {
  return before?.deployment.id === after?.deployment.id && before?.model === after?.model;
}

/**
 * Before and after by the same tokens: those that were really used. A choice that stays costs what was booked, also where another
 * than the chosen one answered in the end.
 */
export function costsOf(
  use: ActualUse,
  before: ScoringCandidate | null,
  after: ScoringCandidate | null,
): CostPair | CostGap {
  if (use.tokens === null) return 'no_tokens';
  if (use.costNanoUsd === null) return 'price_unknown_before';
  if (isSameChoice(before, after)) return { beforeNanoUsd: use.costNanoUsd, afterNanoUsd: use.costNanoUsd };
  if (after === null) return 'nobody_left';
  const cost = costWith(after, use.tokens);
  return cost === null ? 'price_unknown_after' : { beforeNanoUsd: use.costNanoUsd, afterNanoUsd: cost };
}

/** What the same tokens cost there. */
export function costWith({ facts }: ScoringCandidate, tokens: PricedTokens): number | null {
  const prices = pricesCharged(facts);
  return prices && costNanoUsd(prices, tokens);
}
