/** A model as GET /api/v1/models shows it: every documented field (openrouter.ai/docs/api-reference). */
export interface CatalogueModel {
  id: string;
  canonical_slug: string;
  name: string;
  description: string;
  hugging_face_id: string | null;
  created: number;
  knowledge_cutoff: string | null;
  context_length: number | null;
  expiration_date: string | null;
  alias_target?: { name: string; slug: string };
  architecture: {
    modality: string;
    input_modalities: string[];
    output_modalities: string[];
    tokenizer: string;
    instruct_type: string | null;
  };
  pricing: Record<string, unknown>;
  top_provider: {
    context_length: number | null;
    max_completion_tokens: number | null;
    is_moderated: boolean;
  };
  per_request_limits: { prompt_tokens: number; completion_tokens: number } | null;
  supported_parameters: string[];
  default_parameters: Record<string, number | null>;
  supported_voices: string[] | null;
  reasoning?: {
    supported_efforts: string[];
    default_effort: string;
    default_enabled: boolean;
    mandatory: boolean;
  };
  benchmarks: Record<string, unknown> | null;
  links: { details: string };
}

export interface CatalogueEndpoint {
  name: string;
  model_id: string;
  provider_name: string;
  tag: string;
  status: number;
  uptime_last_5m: number;
  uptime_last_30m: number;
  uptime_last_1d: number;
  pricing: Record<string, unknown>;
  quantization: string | null;
  context_length: number;
  max_completion_tokens: number | null;
  max_prompt_tokens: number | null;
  supported_parameters: string[];
  supports_implicit_caching: boolean;
}

interface Vendor {
  readonly slug: string;
  readonly families: readonly string[];
  /** Slugs of providers that serve its models. */
  readonly providers: readonly string[];
}

const vendors: readonly Vendor[] = [
  { slug: 'openai', families: ['gpt-5.2', 'gpt-4.1', 'gpt-4o', 'o4'], providers: ['openai', 'azure'] },
  {
    slug: 'anthropic',
    families: ['claude-opus', 'claude-sonnet', 'claude-haiku'],
    providers: ['anthropic', 'google-vertex', 'amazon-bedrock'],
  },
  {
    slug: 'google',
    families: ['gemini-3', 'gemini-2.5', 'gemma-4'],
    providers: ['google-ai-studio', 'google-vertex'],
  },
  { slug: 'mistralai', families: ['mistral-large', 'codestral', 'ministral'], providers: ['mistral'] },
  { slug: 'cohere', families: ['command-a', 'command-r'], providers: ['cohere'] },
  { slug: 'perplexity', families: ['sonar'], providers: ['perplexity'] },
  {
    slug: 'meta-llama',
    families: ['llama-4', 'llama-3.3'],
    providers: ['groq', 'together', 'fireworks', 'deepinfra'],
  },
  { slug: 'qwen', families: ['qwen3', 'qwen3-coder'], providers: ['together', 'fireworks', 'alibaba'] },
  { slug: 'deepseek', families: ['deepseek-chat', 'deepseek-r2'], providers: ['deepseek', 'fireworks'] },
  { slug: 'x-ai', families: ['grok-4'], providers: ['xai'] },
  { slug: 'moonshotai', families: ['kimi-k2'], providers: ['moonshotai', 'groq'] },
  { slug: 'z-ai', families: ['glm-5'], providers: ['z-ai', 'together'] },
];
const sizes = [
  '',
  '-mini',
  '-nano',
  '-pro',
  '-turbo',
  '-8b',
  '-70b',
  '-405b',
  '-preview',
  '-vision',
  '-fast',
];
const parameters = [
  'frequency_penalty',
  'include_reasoning',
  'logit_bias',
  'max_tokens',
  'presence_penalty',
  'reasoning',
  'response_format',
  'seed',
  'stop',
  'structured_outputs',
  'temperature',
  'tool_choice',
  'tools',
  'top_k',
  'top_p',
];
const words =
  'a multimodal reasoning model for coding agents and long context tasks with tools and structured answers';
const created = Date.UTC(2025, 0, 1) / 1_000;

/** mulberry32: the same numbers for the same seed, on each machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Micro-dollars per million tokens, as OpenRouter writes them: dollars per token, no exponent. */
export function dollarsPerToken(microUsdPerMillion: number): string {
  const digits = String(microUsdPerMillion).padStart(13, '0');
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`.replace(/\.?0+$/, '');
}

/** About what openrouter.ai shows: models of many vendors, routers, aliases, free variants, embeddings, pictures. */
export function generateCatalogue({ count = 424, seed = 1 } = {}): CatalogueModel[] {
  const random = seededRandom(seed);
  const special = specialModels(random);
  const plain = Array.from({ length: count - special.length }, (_item, index) => plainModel(index, random));
  return [...special, ...plain];
}

function pick<Item>(items: readonly Item[], random: () => number): Item {
  return items[Math.floor(random() * items.length)] as Item;
}

function plainModel(index: number, random: () => number): CatalogueModel {
  const vendor = vendors[index % vendors.length] as Vendor;
  const family = vendor.families[Math.floor(index / vendors.length) % vendor.families.length] as string;
  const size = sizes[Math.floor(index / 40) % sizes.length] as string;
  const isFree = index % 17 === 16;
  const id = `${vendor.slug}/${family}${size}-${index}${isFree ? ':free' : ''}`;
  return modelOf(id, random, isFree ? { prompt: '0', completion: '0' } : pricingOf(random));
}

function pricingOf(random: () => number): Record<string, unknown> {
  const input = 20_000 + Math.floor(random() * 15_000_000);
  const output = Math.floor(input * (2 + random() * 4));
  const pricing: Record<string, unknown> = {
    prompt: dollarsPerToken(input),
    completion: dollarsPerToken(output),
    request: '0',
    image: '0',
    web_search: random() < 0.3 ? '0.01' : '0',
    internal_reasoning: '0',
  };
  if (random() < 0.5) pricing['input_cache_read'] = dollarsPerToken(Math.floor(input / 10));
  if (random() < 0.2) pricing['input_cache_write'] = dollarsPerToken(Math.floor(input * 1.25));
  if (random() < 0.1) {
    const prompt = dollarsPerToken(input * 2);
    pricing['overrides'] = [{ min_prompt_tokens: 200_000, prompt, completion: dollarsPerToken(output * 2) }];
  }
  return pricing;
}

function modelOf(id: string, random: () => number, pricing: Record<string, unknown>): CatalogueModel {
  const context = pick([8_192, 32_768, 131_072, 200_000, 262_144, 1_048_576], random);
  const hasVision = random() < 0.4;
  const slug = id.replace(/:.*$/, '').replace(/^~/, '');
  const inputs = hasVision ? ['text', 'image', 'file'] : ['text'];
  return {
    id,
    canonical_slug: `${slug}-2026${String(1 + Math.floor(random() * 9)).padStart(2, '0')}01`,
    name: slug.replace('/', ': '),
    description: Array.from({ length: 5 + Math.floor(random() * 8) }, () => `${slug} is ${words}.`).join(' '),
    hugging_face_id: random() < 0.4 ? slug : null,
    created: created + Math.floor(random() * 50_000_000),
    knowledge_cutoff: random() < 0.3 ? '2026-01-31' : null,
    context_length: context,
    expiration_date: random() < 0.03 ? '2027-01-15' : null,
    architecture: {
      modality: `${inputs.join('+')}->text`,
      input_modalities: inputs,
      output_modalities: ['text'],
      tokenizer: pick(['GPT', 'Claude', 'Gemini', 'Llama3', 'Qwen3', 'Other'], random),
      instruct_type: null,
    },
    pricing,
    top_provider: {
      context_length: context,
      max_completion_tokens: random() < 0.7 ? Math.floor(context / 4) : null,
      is_moderated: random() < 0.3,
    },
    per_request_limits: null,
    supported_parameters: parameters.filter(() => random() < 0.75),
    default_parameters: { temperature: null, top_p: null, frequency_penalty: null },
    supported_voices: null,
    ...(random() < 0.3
      ? {
          reasoning: {
            supported_efforts: ['high', 'medium', 'low'],
            default_effort: 'medium',
            default_enabled: true,
            mandatory: false,
          },
        }
      : {}),
    benchmarks: null,
    links: { details: `/api/v1/models/${slug}/endpoints` },
  };
}

function specialModels(random: () => number): CatalogueModel[] {
  const router = modelOf('openrouter/auto', random, { prompt: '-1', completion: '-1' });
  const sonnet = modelOf('anthropic/claude-sonnet-4.5', random, {
    prompt: '0.000003',
    completion: '0.000015',
    input_cache_read: '0.0000003',
    input_cache_write: '0.00000375',
  });
  const alias = {
    ...modelOf('~anthropic/claude-sonnet-latest', random, sonnet.pricing),
    alias_target: { name: sonnet.name, slug: sonnet.id },
  };
  const gpt = modelOf('openai/gpt-4o', random, {
    prompt: '0.0000025',
    completion: '0.00001',
    input_cache_read: '0.00000125',
  });
  const llama = modelOf('meta-llama/llama-3.3-70b-instruct', random, {
    prompt: '0.0000001',
    completion: '0.00000032',
  });
  const embedding = modelOf('openai/text-embedding-3-small', random, {
    prompt: '0.00000002',
    completion: '0',
  });
  embedding.architecture.output_modalities = ['embeddings'];
  const picture = modelOf('google/gemini-2.5-flash-image', random, {
    prompt: '0.0000003',
    completion: '0.0000025',
    image: '0.00123',
    image_output: '0.00003',
  });
  picture.architecture.output_modalities = ['image', 'text'];
  return [router, sonnet, alias, gpt, llama, embedding, picture];
}

/** As GET /models/{id}/endpoints lists them. Uptimes differ from call to call, as they do there. */
export function endpointsOf(model: CatalogueModel): CatalogueEndpoint[] {
  const slug = model.id.replace(/^~/, '').split('/')[0];
  const providers = vendors.find((vendor) => vendor.slug === slug)?.providers ?? ['openrouter'];
  return providers.map((tag, index) => ({
    name: `${tag} | ${model.id}`,
    model_id: model.id,
    provider_name: tag,
    tag: index === 0 ? tag : `${tag}/fp8`,
    status: 0,
    uptime_last_5m: 99 + Math.random(),
    uptime_last_30m: 99 + Math.random(),
    uptime_last_1d: 99 + Math.random(),
    pricing: { ...model.pricing, discount: 0 },
    quantization: index === 0 ? null : 'fp8',
    context_length: model.context_length ?? 8_192,
    max_completion_tokens: model.top_provider.max_completion_tokens,
    max_prompt_tokens: null,
    supported_parameters: model.supported_parameters,
    supports_implicit_caching: false,
  }));
}
