import type { LlmRoute } from './llm-routes';
import { below, type DirectProvider } from './providers/provider-entry';
import { providerKind } from './providers/provider-matrix';

export function directProvider(kind: string): DirectProvider | null {
  return providerKind(kind)?.direct ?? null;
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
  const base = baseUrl ?? providerKind(kind)?.vendorBaseUrl ?? null;
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
