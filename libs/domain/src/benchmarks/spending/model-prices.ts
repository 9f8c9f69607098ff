import {
  costPicoUsd,
  type DeploymentFacts,
  type PricedTokens,
  pricesCharged,
  type TokenPrices,
} from '@signalbox/gateway';
import type { BenchmarkTask } from '../suites/task.types';

/** What each deployment of one model takes, as far as it is known. Who of them answers, nobody knows before the call. */
export interface ModelPrices {
  readonly deployments: readonly TokenPrices[];
  /** false: of one of them no price is known. */
  readonly isComplete: boolean;
}

/** Roles, separators and the end of the prompt, in whatever form the vendor has them. */
const frameTokens = 64;
/** What vendors add by themselves to a prompt with tools: Anthropic up to about 700 tokens. */
const toolFrameTokens = 1_200;
const picoPerNano = 1_000;
/** More than any cap. */
const beyondAllCaps = Number.MAX_SAFE_INTEGER;

export function modelPricesOf(facts: readonly DeploymentFacts[]): ModelPrices {
  const known = facts.flatMap((one) => {
    const prices = pricesCharged(one);
    return prices && prices.input !== null && prices.output !== null ? [prices] : [];
  });
  return { deployments: known, isComplete: known.length > 0 && known.length === facts.length };
}

/** No tokenizer makes more tokens than bytes. */
export function mostPromptTokens({ prompt, tools }: Pick<BenchmarkTask, 'prompt' | 'tools'>): number {
  const toolTokens = tools ? Buffer.byteLength(JSON.stringify(tools)) + toolFrameTokens : 0;
  return Buffer.byteLength(prompt) + toolTokens + frameTokens;
}

/** What one call can cost at most, by the dearest of its deployments; unknown prices count as nothing. */
export function worstCaseNanoUsd(
  { deployments }: ModelPrices,
  task: Pick<BenchmarkTask, 'prompt' | 'tools' | 'maxTokens'>,
): number {
  const prompt = mostPromptTokens(task);
  return dearest(deployments, [
    { prompt, cacheRead: 0, cacheWrite: 0, answer: task.maxTokens },
    { prompt, cacheRead: 0, cacheWrite: prompt, answer: task.maxTokens },
  ]);
}

/** What it did cost, by the dearest deployment that may have answered. */
export function costOfTokens({ deployments }: ModelPrices, tokens: PricedTokens): number {
  return dearest(deployments, [tokens]);
}

/** In whole nano-dollars, rounded up. */
function dearest(deployments: readonly TokenPrices[], cases: readonly PricedTokens[]): number {
  const costs = deployments.flatMap((prices) => cases.map((tokens) => costPicoUsd(prices, tokens)));
  const most = costs.map((pico) => (pico === null ? beyondAllCaps : Math.ceil(pico / picoPerNano)));
  return most.reduce((max, nano) => Math.max(max, nano), 0);
}
