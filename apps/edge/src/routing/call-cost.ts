import { costNanoUsd, type DeploymentFacts, type TokenUsage } from '@signalbox/gateway';

/** By the prices of now, which are those in force. null: no price, or no usage, is known. */
export function callCostNanoUsd(usage: TokenUsage | null, facts: DeploymentFacts | null): number | null {
  if (!usage || !facts) return null;
  if (facts.free || (facts.local && facts.prices === null)) return 0;
  const { prompt_tokens: prompt, completion_tokens: answer } = usage;
  const cached = { cacheRead: usage.cache_read_tokens, cacheWrite: usage.cache_write_tokens };
  return facts.prices && costNanoUsd(facts.prices, { prompt, answer, ...cached });
}
