import type { LlmRoute } from './llm-routes';

/**
 * Providers that speak the client's own dialect, so that a call can go to them without LiteLLM: only the model's name is replaced.
 * Where LiteLLM 1.103.1 takes a base URL to begin is the rule here too (llms/<provider>/.../transformation.py).
 */
export interface DirectProvider {
  /** null: every server has its own. */
  readonly defaultBaseUrl: string | null;
  /** Names of llm-routes.ts. */
  readonly routes: ReadonlySet<string>;
  readonly keyHeader: 'authorization' | 'x-api-key';
  /** Whether it takes `stream_options`; the others send usage by themselves, and may refuse the field. */
  readonly takesStreamOptions: boolean;
  /** From the base URL's path, without a slash at its end, to where `/chat/completions` or `/messages` is appended. */
  readonly rootOf: (basePath: string) => string;
  /** The name for the provider's own wire. null: it cannot be said without LiteLLM. */
  readonly modelName: (upstreamModel: string) => string | null;
}

const chat = ['chat_completions'];
const openaiRoutes = [
  'chat_completions',
  'completions',
  'responses',
  'embeddings',
  'moderations',
  'image_generations',
  'image_edits',
  'audio_speech',
  'audio_transcriptions',
  'audio_translations',
];

const asItIs = (basePath: string): string => basePath;
const below = (ending: string) => (basePath: string) =>
  basePath.endsWith(ending) ? basePath : basePath + ending;

function provider(
  defaultBaseUrl: string | null,
  routes: readonly string[],
  change: Partial<DirectProvider> = {},
): DirectProvider {
  return {
    defaultBaseUrl,
    routes: new Set(routes),
    keyHeader: 'authorization',
    takesStreamOptions: true,
    rootOf: asItIs,
    modelName: (name) => name,
    ...change,
  };
}

/** resolve_fireworks_resource_name */
function fireworksModel(name: string): string {
  if (name.startsWith('accounts/') || name.startsWith('FW-') || name.includes('#')) return name;
  if (/^(routers|models)\//.test(name)) return `accounts/fireworks/${name}`;
  return `accounts/fireworks/${name.endsWith('-fast') ? 'routers' : 'models'}/${name}`;
}

/** `org/model`. LiteLLM looks `provider/org/model` up at the hub for each call; that is not worth doing here. */
function huggingfaceModel(name: string): string | null {
  return /^[^/]+\/[^/]+$/.test(name) ? name : null;
}

const directProviders: Readonly<Record<string, DirectProvider>> = {
  openai: provider('https://api.openai.com/v1', openaiRoutes),
  anthropic: provider('https://api.anthropic.com', ['messages', 'count_tokens'], {
    keyHeader: 'x-api-key',
    takesStreamOptions: false,
    rootOf: (basePath) => below('/v1')(basePath.replace(/\/v1\/messages$/, '')),
  }),
  mistral: provider('https://api.mistral.ai/v1', [...chat, 'embeddings'], {
    takesStreamOptions: false,
    // "Mistral always needs a /v1 at the end"
    rootOf: below('/v1'),
  }),
  groq: provider('https://api.groq.com/openai/v1', chat),
  together: provider('https://api.together.xyz/v1', [...chat, 'completions', 'embeddings']),
  fireworks: provider('https://api.fireworks.ai/inference/v1', [...chat, 'completions'], {
    modelName: fireworksModel,
  }),
  perplexity: provider('https://api.perplexity.ai', chat, { takesStreamOptions: false }),
  huggingface: provider('https://router.huggingface.co/v1', chat, { modelName: huggingfaceModel }),
  openai_compatible: provider(null, [...chat, 'completions', 'embeddings']),
  vllm: provider(null, [...chat, 'completions', 'embeddings']),
  // Its base URL is that of its own API, beside which it serves OpenAI's below /v1.
  ollama: provider('http://127.0.0.1:11434', [...chat, 'completions', 'embeddings'], {
    rootOf: (basePath) => `${basePath.replace(/\/(v1|api)$/, '')}/v1`,
  }),
};

export function directProvider(kind: string): DirectProvider | null {
  return Object.hasOwn(directProviders, kind) ? (directProviders[kind] ?? null) : null;
}

export interface UpstreamUrl {
  readonly origin: string;
  /** With the query that the base URL may have. */
  readonly path: string;
}

function urlOf(base: string, rootOf: (basePath: string) => string, routePath: string): UpstreamUrl | null {
  if (!URL.canParse(base)) return null;
  const { protocol, origin, pathname, search } = new URL(base);
  if (protocol !== 'https:' && protocol !== 'http:') return null;
  const basePath = pathname.replace(/\/+$/, '');
  // LiteLLM takes a base URL that names the route already.
  const isWhole = basePath.endsWith(routePath);
  return { origin, path: (isWhole ? basePath : rootOf(basePath) + routePath) + search };
}

/** @returns null where the provider does not serve the route, or there is no address to call */
export function directUrl(kind: string, route: LlmRoute, baseUrl: string | null): UpstreamUrl | null {
  const found = directProvider(kind);
  const base = baseUrl ?? found?.defaultBaseUrl ?? null;
  if (!found?.routes.has(route.name) || base === null) return null;
  return urlOf(base, found.rootOf, route.path);
}

/**
 * What OpenRouter serves in the form that our clients use. Its /rerank, /audio and /images have bodies of their own, and it counts no
 * tokens.
 */
const openrouterRoutes: ReadonlySet<string> = new Set([
  'chat_completions',
  'responses',
  'messages',
  'embeddings',
]);

export function isServedByOpenrouter(route: LlmRoute): boolean {
  return openrouterRoutes.has(route.name);
}

/** @param baseUrl https://openrouter.ai/api/v1, or with Anthropic's habit of leaving /v1 out */
export function openrouterUrl(route: LlmRoute, baseUrl: string): UpstreamUrl | null {
  return isServedByOpenrouter(route) ? urlOf(baseUrl, below('/v1'), route.path) : null;
}
