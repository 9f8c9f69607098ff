import { type HealthSources, readiness } from './health';

const nowMs = 10_000;
const well: HealthSources = {
  projection: () => ({
    isLoaded: true,
    isComplete: true,
    snapshotOfMs: null,
    redisDownSinceMs: null,
    epoch: 'e',
    seq: 1,
    cutOffForMs: null,
    offlineMs: 60_000,
    mayServe: true,
  }),
  litellm: () => ({ state: 'up', sinceMs: 0, reason: null }),
  hasWayAround: () => true,
  runnerProblem: () => null,
  waitingUsageEvents: () => 4_000,
  areLimitsLocal: () => false,
  openBreakers: () => 0,
  isDraining: () => false,
};
type Projection = ReturnType<HealthSources['projection']>;
const projection = (change: Partial<Projection>) => (): Projection => ({ ...well.projection(), ...change });
const litellmDown: HealthSources['litellm'] = () => ({ state: 'down', sinceMs: 3_000, reason: 'refused' });
const cutOff = { redisDownSinceMs: 1_000, cutOffForMs: 61_000 };

describe('readiness', () => {
  it('is full when nothing is wrong', () => {
    expect(readiness(well, nowMs)).toEqual({ status: 'ready', problems: [] });
  });

  it.each<[string, Partial<HealthSources>, string, string, RegExp]>([
    [
      'Redis is away',
      { projection: projection({ redisDownSinceMs: 1_000 }) },
      'degraded',
      'projection',
      /for 9 s/,
    ],
    [
      'Redis was flushed',
      { projection: projection({ isComplete: false }) },
      'degraded',
      'projection',
      /rebuilt/,
    ],
    [
      'the keys are being read',
      { projection: projection({ isLoaded: false }) },
      'degraded',
      'projection',
      /looked up/,
    ],
    [
      'it serves from a snapshot',
      { projection: projection({ redisDownSinceMs: 9_000, isComplete: false, snapshotOfMs: 4_000 }) },
      'degraded',
      'projection',
      /snapshot on disk.* 6 s ago/,
    ],
    [
      'no key was ever read',
      { projection: projection({ isLoaded: false, redisDownSinceMs: 1 }) },
      'not_ready',
      'projection',
      /looked up/,
    ],
    [
      'it was cut off for too long for some',
      { projection: projection(cutOff) },
      'degraded',
      'projection',
      /cut off for 61 s, and 60 s are allowed: keys of workspaces without/,
    ],
    [
      'it was cut off for too long for all',
      { projection: projection({ ...cutOff, mayServe: false }) },
      'not_ready',
      'projection',
      /all keys are refused/,
    ],
    ['the runner is away', { runnerProblem: () => 'ECONNREFUSED' }, 'degraded', 'runner', /ECONNREFUSED/],
    [
      'LiteLLM is down and there are ways around',
      { litellm: litellmDown },
      'degraded',
      'litellm',
      /7 s \(refused\): calls go/,
    ],
    [
      'LiteLLM is down and there is no way around',
      { litellm: litellmDown, hasWayAround: () => false },
      'not_ready',
      'litellm',
      /get 503/,
    ],
    [
      'usage events pile up',
      { waitingUsageEvents: () => 70_000 },
      'degraded',
      'usage',
      /70000 usage events wait/,
    ],
    ['limits are local', { areLimitsLocal: () => true }, 'degraded', 'limits', /each edge alone/],
    ['breakers are open', { openBreakers: () => 3 }, 'ready', 'breakers', /^3 provider targets/],
    ['it drains', { isDraining: () => true }, 'not_ready', 'edge', /shutting down/],
  ])('when %s', (_name, change, status, part, problem) => {
    const result = readiness({ ...well, ...change }, nowMs);
    expect(result.status).toBe(status);
    const problems = result.problems.filter((one) => one.part === part).map((one) => one.problem);
    expect(problems.join('\n')).toMatch(problem);
    expect(result.problems.every((one) => one.part === part)).toBe(true);
  });
});
