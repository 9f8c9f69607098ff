import { dialectOf, type LlmRoute, matchLlmRoute } from '@signalbox/gateway';
import type { EdgeRequest } from './edge-request';
import { Refusal } from './refusal';

export interface MatchedRoute {
  route: LlmRoute;
  /** The id in the path (of a model), where the route has one. */
  id: string | null;
}

function hintFor(path: string): string | undefined {
  if (path.startsWith('/v1/v1/'))
    return 'The path has /v1 twice: an Anthropic base URL must end without /v1.';
  const isKnownWithoutSlash =
    path.endsWith('/') && matchLlmRoute('POST', path.slice(0, -1)).kind !== 'unknown';
  return isKnownWithoutSlash ? 'Leave out the slash at the end of the path.' : undefined;
}

/** Step 1: LLM routes only. LiteLLM's management API, its UI and everything else is not reachable through this port. */
export function checkRoute(edgeRequest: EdgeRequest): MatchedRoute {
  const { request, path } = edgeRequest;
  // HEAD is GET without the body, which node leaves out by itself.
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
  const match = matchLlmRoute(method, path);
  const anthropicVersion = request.headers['anthropic-version'];
  if (match.kind === 'unknown') {
    edgeRequest.dialect = dialectOf(path.includes('/messages') ? 'anthropic' : null, anthropicVersion);
    throw new Refusal('route_not_found', { message: hintFor(path) });
  }
  if (match.kind === 'wrong_method') {
    edgeRequest.dialect = dialectOf(null, anthropicVersion);
    edgeRequest.response.setHeader('allow', [...match.allowedMethods, 'OPTIONS'].join(', '));
    throw new Refusal('method_not_allowed');
  }
  edgeRequest.dialect = dialectOf(match.route.dialect, anthropicVersion);
  edgeRequest.facts.route = match.route.name;
  return { route: match.route, id: match.id };
}
