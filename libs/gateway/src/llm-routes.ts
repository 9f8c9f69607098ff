/**
 * The routes that port 4000 serves; every other path is refused there, LiteLLM's management API above all.
 * litellm/llm-routes.json is the same table for LiteLLM's side (a test holds the two together).
 */
export type Dialect = 'openai' | 'anthropic';
export type BodyKind = 'none' | 'json' | 'multipart';

export interface LlmRoute {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  /** Without the /v1 prefix; `{id}` stands for the rest of the path. */
  readonly path: string;
  /** Most routes are known with and without /v1, as in LiteLLM. */
  readonly onlyWithVersionPrefix: boolean;
  readonly dialect: Dialect;
  /** The first kind is the usual one. */
  readonly bodies: readonly BodyKind[];
}

function post(name: string, path: string, more: Partial<LlmRoute> = {}): LlmRoute {
  return {
    name,
    method: 'POST',
    path,
    onlyWithVersionPrefix: false,
    dialect: 'openai',
    bodies: ['json'],
    ...more,
  };
}

function get(name: string, path: string): LlmRoute {
  return { name, method: 'GET', path, onlyWithVersionPrefix: false, dialect: 'openai', bodies: ['none'] };
}

const anthropic = { onlyWithVersionPrefix: true, dialect: 'anthropic' } as const;
const upload = { bodies: ['multipart', 'json'] } as const;

export const llmRoutes: readonly LlmRoute[] = [
  post('chat_completions', '/chat/completions'),
  post('completions', '/completions'),
  post('responses', '/responses'),
  post('messages', '/messages', anthropic),
  post('count_tokens', '/messages/count_tokens', anthropic),
  post('embeddings', '/embeddings'),
  post('image_generations', '/images/generations'),
  post('image_edits', '/images/edits', upload),
  post('audio_speech', '/audio/speech'),
  post('audio_transcriptions', '/audio/transcriptions', upload),
  post('audio_translations', '/audio/translations', upload),
  post('rerank', '/rerank'),
  post('moderations', '/moderations'),
  get('models', '/models'),
  get('model', '/models/{id}'),
];

export type RouteMatch =
  | { kind: 'matched'; route: LlmRoute; id: string | null }
  | { kind: 'wrong_method'; allowedMethods: string[] }
  | { kind: 'unknown' };

interface PathMatch {
  route: LlmRoute;
  id: string | null;
}

const routesByExactPath = new Map<string, LlmRoute[]>();
for (const route of llmRoutes.filter(({ path }) => !path.endsWith('{id}'))) {
  const paths = route.onlyWithVersionPrefix ? [`/v1${route.path}`] : [`/v1${route.path}`, route.path];
  for (const path of paths) routesByExactPath.set(path, [...(routesByExactPath.get(path) ?? []), route]);
}

const routesWithId = llmRoutes
  .filter(({ path }) => path.endsWith('{id}'))
  .map((route) => ({ route, prefix: route.path.slice(0, -'{id}'.length) }));

/** A model's name may hold slashes, plain or percent-encoded. */
function decodeId(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function matchPath(path: string): PathMatch[] {
  const exact = routesByExactPath.get(path);
  if (exact) return exact.map((route) => ({ route, id: null }));
  const unprefixed = path.startsWith('/v1/') ? path.slice('/v1'.length) : path;
  return routesWithId.flatMap(({ route, prefix }) => {
    const id = unprefixed.startsWith(prefix) ? decodeId(unprefixed.slice(prefix.length)) : null;
    return id ? [{ route, id }] : [];
  });
}

/** Paths are compared as they came, undecoded and unnormalized: what is not exactly a known path is unknown. */
export function matchLlmRoute(method: string, path: string): RouteMatch {
  const candidates = matchPath(path);
  if (candidates.length === 0) return { kind: 'unknown' };
  const found = candidates.find(({ route }) => route.method === method);
  if (found) return { kind: 'matched', ...found };
  return { kind: 'wrong_method', allowedMethods: candidates.map(({ route }) => route.method) };
}
