import { costNanoUsd, type DeploymentFacts, pricesCharged, type TokenUsage } from '@signalbox/gateway';

/** By the prices of now, which are those in force. null: no price, or no usage, is known. */
export function callCostNanoUsd(usage: TokenUsage | null, facts: DeploymentFacts | null): number | null {
  const prices = facts && pricesCharged(facts);
  if (!usage || !prices) return null;
  const { prompt_tokens: prompt, completion_tokens: answer } = usage;
  const cached = { cacheRead: usage.cache_read_tokens, cacheWrite: usage.cache_write_tokens };
  return costNanoUsd(prices, { prompt, answer, ...cached });
}
