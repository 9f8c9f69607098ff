import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OfflineHealth } from '../keys/offline-health';
import type { ProjectionHealth } from '../keys/projection-feed';
import type { LitellmView } from '../upstream/litellm-health';

export interface HealthSources {
  projection: () => ProjectionHealth & OfflineHealth;
  litellm: () => LitellmView;
  /** Whether there is a provider key by which a call could be answered without LiteLLM. */
  hasWayAround: () => boolean;
  /** Why the runner cannot be asked; null while it answers. */
  runnerProblem: () => string | null;
  waitingUsageEvents: () => number;
  areLimitsLocal: () => boolean;
  openBreakers: () => number;
  isDraining: () => boolean;
}

export interface HealthProblem {
  part: 'projection' | 'litellm' | 'runner' | 'usage' | 'limits' | 'breakers' | 'edge';
  problem: string;
}

export interface Readiness {
  status: 'ready' | 'degraded' | 'not_ready';
  /** What does not work, and what that means. Nobody needs a key to read it: so nothing of tenants. */
  problems: HealthProblem[];
}

type Projection = ReturnType<HealthSources['projection']>;

/** A few thousand are on their way at any time under load. */
const usualWaitingEvents = 5_000;

function secondsSince(sinceMs: number, nowMs: number): number {
  return Math.max(Math.round((nowMs - sinceMs) / 1_000), 0);
}

function projectionProblems(projection: Projection, nowMs: number): string[] {
  const { isLoaded, isComplete, redisDownSinceMs, snapshotOfMs } = projection;
  const problems: string[] = [];
  if (redisDownSinceMs !== null)
    problems.push(
      `Redis has not answered for ${secondsSince(redisDownSinceMs, nowMs)} s: keys in memory are served, changes do not arrive`,
    );
  if (snapshotOfMs !== null)
    problems.push(
      `what is in memory is from the snapshot on disk, which Redis last confirmed ${secondsSince(snapshotOfMs, nowMs)} s ago`,
    );
  if (!isLoaded) problems.push('the keys have not been read yet: each is looked up in Redis');
  else if (!isComplete && snapshotOfMs === null)
    problems.push('the projection is being rebuilt: keys in memory are served, others get 503');
  return [...problems, ...offlineProblems(projection)];
}

function offlineProblems({ cutOffForMs, offlineMs, mayServe, isLoaded }: Projection): string[] {
  if (!isLoaded || cutOffForMs === null || cutOffForMs <= offlineMs) return [];
  const whose = mayServe ? 'keys of workspaces without a longer bound of their own' : 'all keys';
  return [
    `cut off for ${Math.round(cutOffForMs / 1_000)} s, and ${offlineMs / 1_000} s are allowed: ${whose} are refused`,
  ];
}

function litellmProblems(sources: HealthSources, nowMs: number): string[] {
  const { state, sinceMs, reason } = sources.litellm();
  if (state === 'up') return [];
  const consequence = sources.hasWayAround()
    ? 'calls go around it where the policy of their workspace has a way'
    : 'LLM calls get 503';
  return [
    `LiteLLM has been down for ${secondsSince(sinceMs, nowMs)} s (${reason ?? 'unknown'}): ${consequence}`,
  ];
}

function otherProblems(sources: HealthSources): HealthProblem[] {
  const problems: HealthProblem[] = [];
  const runner = sources.runnerProblem();
  if (runner !== null) problems.push({ part: 'runner', problem: `the runner does not answer (${runner})` });
  const waiting = sources.waitingUsageEvents();
  if (waiting > usualWaitingEvents)
    problems.push({ part: 'usage', problem: `${waiting} usage events wait for Redis; none of them is lost` });
  if (sources.areLimitsLocal())
    problems.push({ part: 'limits', problem: 'limits are counted by each edge alone, each with its share' });
  const open = sources.openBreakers();
  if (open > 0)
    problems.push({
      part: 'breakers',
      problem: `${open} provider targets are not called: their breakers are open`,
    });
  if (sources.isDraining()) problems.push({ part: 'edge', problem: 'shutting down' });
  return problems;
}

/** Whether a request could be answered at all; an edge that answers some of them is better in service than out of it. */
function canServe(sources: HealthSources, { isLoaded, redisDownSinceMs, mayServe }: Projection): boolean {
  const knowsNoKeys = !isLoaded && redisDownSinceMs !== null;
  const hasWay = sources.litellm().state === 'up' || sources.hasWayAround();
  return hasWay && !knowsNoKeys && mayServe && !sources.isDraining();
}

/** Not ready: no request can be answered now. Degraded: requests are answered, but something needs a look. */
export function readiness(sources: HealthSources, nowMs: number): Readiness {
  const projection = sources.projection();
  const problems: HealthProblem[] = [
    ...projectionProblems(projection, nowMs).map((problem) => ({ part: 'projection' as const, problem })),
    ...litellmProblems(sources, nowMs).map((problem) => ({ part: 'litellm' as const, problem })),
    ...otherProblems(sources),
  ];
  if (!canServe(sources, projection)) return { status: 'not_ready', problems };
  // One tenant with a bad provider key must not make every edge look ill.
  const isWell = problems.every(({ part }) => part === 'breakers');
  return { status: isWell ? 'ready' : 'degraded', problems };
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
