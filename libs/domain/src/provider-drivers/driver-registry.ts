import { anthropicDriver } from './anthropic.driver';
import { cohereDriver } from './cohere.driver';
import { fireworksDriver } from './fireworks.driver';
import { googleDriver } from './google.driver';
import { groqDriver } from './groq.driver';
import { huggingfaceDriver } from './huggingface.driver';
import { mistralDriver } from './mistral.driver';
import { ollamaDriver } from './ollama.driver';
import { openaiCompatibleDriver } from './openai-compatible.driver';
import { openaiDriver } from './openai.driver';
import { openrouterDriver } from './openrouter.driver';
import { perplexityDriver } from './perplexity.driver';
import type { ProviderDriver } from './provider-driver';
import { togetherDriver } from './together.driver';
import { uncheckedDriver } from './unchecked.driver';
import { vllmDriver } from './vllm.driver';

/** One line per provider. */
const drivers: readonly ProviderDriver[] = [
  openaiDriver,
  anthropicDriver,
  googleDriver,
  cohereDriver,
  mistralDriver,
  perplexityDriver,
  groqDriver,
  togetherDriver,
  huggingfaceDriver,
  fireworksDriver,
  openrouterDriver,
  ollamaDriver,
  vllmDriver,
  openaiCompatibleDriver,
];

const byKind = new Map(drivers.map((driver) => [driver.kind, driver]));

/** Every kind has a driver: one that says "cannot be checked" where there is nothing to ask. */
export function driverOf(kind: string): ProviderDriver {
  return byKind.get(kind) ?? uncheckedDriver(kind);
}
