import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ProjectionHealth } from '../keys/projection-feed';
import type { ActiveLitellm } from '../upstream/runner-state';

export interface HealthSources {
  projection: () => ProjectionHealth;
  activeLitellm: () => ActiveLitellm | null;
  runnerProblem: () => string | null;
  isDraining: () => boolean;
}

export interface Readiness {
  status: 'ready' | 'degraded' | 'not_ready';
  /** What does not work, and what that means. Empty when all is well. */
  problems: { part: string; problem: string }[];
}

function projectionProblems(
  { isLoaded, isComplete, redisDownSinceMs }: ProjectionHealth,
  nowMs: number,
): string[] {
  const problems: string[] = [];
  if (redisDownSinceMs !== null) {
    const seconds = Math.round((nowMs - redisDownSinceMs) / 1_000);
    problems.push(
      `Redis has not answered for ${seconds} s: keys in memory are served, changes do not arrive`,
    );
  }
  if (!isLoaded) problems.push('the keys have not been read yet: each is looked up in Redis');
  else if (!isComplete)
    problems.push('the projection is being rebuilt: keys in memory are served, others get 503');
  return problems;
}

/** Not ready: no request can be answered now. Degraded: requests are answered, but something needs a look. */
export function readiness(sources: HealthSources, nowMs: number): Readiness {
  const projection = sources.projection();
  const problems = projectionProblems(projection, nowMs).map((problem) => ({ part: 'projection', problem }));
  const runnerProblem = sources.runnerProblem();
  if (runnerProblem)
    problems.push({ part: 'runner', problem: `the runner does not answer (${runnerProblem})` });
  const hasLitellm = sources.activeLitellm() !== null;
  if (!hasLitellm) problems.push({ part: 'litellm', problem: 'no LiteLLM is active: LLM calls get 503' });
  if (sources.isDraining()) problems.push({ part: 'edge', problem: 'shutting down' });
  const knowsNoKeys = !projection.isLoaded && projection.redisDownSinceMs !== null;
  if (!hasLitellm || knowsNoKeys || sources.isDraining()) return { status: 'not_ready', problems };
  return { status: problems.length === 0 ? 'ready' : 'degraded', problems };
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** Health routes need no key and are not logged. @returns whether the request was one of them */
export function answerHealth(
  request: IncomingMessage,
  response: ServerResponse,
  sources: HealthSources,
  nowMs: number,
): boolean {
  if (!request.url?.startsWith('/health/') || (request.method !== 'GET' && request.method !== 'HEAD'))
    return false;
  if (request.url === '/health/liveliness') {
    send(response, 200, { status: 'alive' });
    return true;
  }
  if (request.url !== '/health/readiness') return false;
  const body = readiness(sources, nowMs);
  send(response, body.status === 'not_ready' ? 503 : 200, body);
  return true;
}
