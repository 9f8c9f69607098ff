import { mostPriceTiers, type PriceTier, type TokenPrices } from '@signalbox/gateway';
import type { PriceOverride } from '../merge/catalogue.types';
import { picoPriceOf } from './pico-price';

const components = ['input', 'output', 'cache_read', 'cache_write'] as const;
/** Beyond it the edge would not read it. */
const mostPromptTokens = 1e9;

interface LongPrompt {
  readonly above: number;
  readonly override: PriceOverride;
}

/**
 * The prices for long prompts among those under a condition; others (hours, days of the week) are not counted.
 *
 * Both sources mean prompts of more tokens than they say: OpenRouter ("strictly greater than this threshold", PricingOverride in
 * openrouter.ai/openapi.json) and LiteLLM (llm_cost_calc/utils.py). Of several that apply, a later one replaces the prices that it names
 * and no others ("later entries win per price key", there too): the order in which they are listed counts.
 */
export function priceTiersOf(overrides: readonly PriceOverride[], usual: TokenPrices): PriceTier[] {
  const longPrompts = overrides.flatMap(longPromptOf);
  const lengths = [...new Set(longPrompts.map(({ above }) => above))].sort((left, right) => left - right);
  return lengths
    .slice(0, mostPriceTiers)
    .map((length) => tierAt(length, longPrompts, usual))
    .filter((tier) => components.some((component) => tier[component] !== null));
}

function longPromptOf(override: PriceOverride): LongPrompt[] {
  const { min_prompt_tokens: above } = override;
  const hasOtherCondition = Object.keys(override).some((name) => name.startsWith('utc_'));
  if (typeof above !== 'number' || above < 0 || above > mostPromptTokens || hasOtherCondition) return [];
  return [{ above: Math.floor(above), override }];
}

function tierAt(length: number, longPrompts: readonly LongPrompt[], usual: TokenPrices): PriceTier {
  const tier: PriceTier = {
    above_prompt_tokens: length,
    input: null,
    output: null,
    cache_read: null,
    cache_write: null,
  };
  for (const { above, override } of longPrompts) {
    if (above > length) continue;
    for (const component of components) {
      const pico = picoOf(override[component], usual[component]);
      if (pico !== null) tier[component] = pico;
    }
  }
  return tier;
}

/** A 0 where the usual price is none says that nobody filled it in. */
function picoOf(text: string | number | undefined, usual: number | null): number | null {
  const pico = picoPriceOf(text);
  return pico === 0 && usual !== 0 ? null : pico;
}
