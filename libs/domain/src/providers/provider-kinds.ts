import type { ModelMode } from '@signalbox/database';

/** The dialect that the provider itself speaks; LiteLLM translates. */
export type ProviderDialect = 'openai' | 'anthropic' | 'google' | 'cohere' | 'ollama' | 'mock' | 'various';

export interface ProviderKind {
  readonly title: string;
  /** What LiteLLM wants before the provider's own model name; null: the upstream model brings it along. */
  readonly litellmPrefix: string | null;
  /** Where LiteLLM has another prefix for some modes. */
  readonly litellmPrefixByMode: Readonly<Partial<Record<ModelMode, string>>>;
  readonly dialect: ProviderDialect;
  /** Written into the configuration when neither the deployment nor the provider names another one. */
  readonly defaultBaseUrl: string | null;
  readonly baseUrl: 'optional' | 'required' | 'none';
  readonly needsKey: boolean;
  /** The environment variable in which a platform key is looked for; none where every server has its own. */
  readonly environmentVariable: string | null;
  readonly docsUrl: string;
}

interface KindOptions {
  prefixByMode?: ProviderKind['litellmPrefixByMode'];
  dialect?: ProviderDialect;
  env?: string;
  defaultBaseUrl?: string;
  baseUrl?: ProviderKind['baseUrl'];
  needsKey?: boolean;
  docs?: string;
}

const litellmDocs = 'https://docs.litellm.ai/docs/providers';

function kind(title: string, litellmPrefix: string | null, options: KindOptions): ProviderKind {
  return {
    title,
    litellmPrefix,
    litellmPrefixByMode: options.prefixByMode ?? {},
    dialect: options.dialect ?? 'openai',
    defaultBaseUrl: options.defaultBaseUrl ?? null,
    baseUrl: options.baseUrl ?? 'optional',
    needsKey: options.needsKey ?? true,
    environmentVariable: options.env ?? null,
    docsUrl: options.docs ? `${litellmDocs}/${options.docs}` : litellmDocs,
  };
}

/**
 * Every kind of provider, as data. LiteLLM 1.103.1 was started with one deployment of each: all of them appear in
 * /model/info under their id, wildcards too.
 */
export const providerKinds = {
  openai: kind('OpenAI', 'openai', { env: 'OPENAI_API_KEY', docs: 'openai' }),
  anthropic: kind('Anthropic', 'anthropic', {
    dialect: 'anthropic',
    env: 'ANTHROPIC_API_KEY',
    docs: 'anthropic',
  }),
  google: kind('Google (Gemini)', 'gemini', { dialect: 'google', env: 'GEMINI_API_KEY', docs: 'gemini' }),
  cohere: kind('Cohere', 'cohere', {
    prefixByMode: { chat: 'cohere_chat', completion: 'cohere_chat', responses: 'cohere_chat' },
    dialect: 'cohere',
    env: 'COHERE_API_KEY',
    docs: 'cohere',
  }),
  mistral: kind('Mistral', 'mistral', { env: 'MISTRAL_API_KEY', docs: 'mistral' }),
  perplexity: kind('Perplexity', 'perplexity', { env: 'PERPLEXITYAI_API_KEY', docs: 'perplexity' }),
  groq: kind('Groq', 'groq', { env: 'GROQ_API_KEY', docs: 'groq' }),
  together: kind('Together AI', 'together_ai', { env: 'TOGETHERAI_API_KEY', docs: 'togetherai' }),
  ollama: kind('Ollama', 'ollama', {
    prefixByMode: { chat: 'ollama_chat', responses: 'ollama_chat' },
    dialect: 'ollama',
    defaultBaseUrl: 'http://127.0.0.1:11434',
    needsKey: false,
    docs: 'ollama',
  }),
  vllm: kind('vLLM', 'hosted_vllm', { baseUrl: 'required', needsKey: false, docs: 'vllm' }),
  huggingface: kind('Hugging Face', 'huggingface', { env: 'HUGGINGFACE_API_KEY', docs: 'huggingface' }),
  fireworks: kind('Fireworks AI', 'fireworks_ai', { env: 'FIREWORKS_AI_API_KEY', docs: 'fireworks_ai' }),
  openrouter: kind('OpenRouter', 'openrouter', { env: 'OPENROUTER_API_KEY', docs: 'openrouter' }),
  openai_compatible: kind('OpenAI-compatible server', 'openai', {
    baseUrl: 'required',
    needsKey: false,
    docs: 'openai_compatible',
  }),
  litellm: kind('Another provider that LiteLLM knows', null, { dialect: 'various' }),
  demo: kind('Demo (canned answers)', 'openai', { dialect: 'mock', baseUrl: 'none', needsKey: false }),
} as const satisfies Record<string, ProviderKind>;

export type ProviderKindName = keyof typeof providerKinds;
export const providerKindNames = Object.keys(providerKinds) as ProviderKindName[];

export function isProviderKind(text: string): text is ProviderKindName {
  return Object.hasOwn(providerKinds, text);
}

/** @returns null for a kind that this version does not know (a row of a newer one) */
export function providerKind(name: string): ProviderKind | null {
  return isProviderKind(name) ? providerKinds[name] : null;
}

export function kindOfEnvironmentVariable(variable: string): ProviderKindName | null {
  return providerKindNames.find((name) => providerKinds[name].environmentVariable === variable) ?? null;
}
