import { type HealthSources, readiness } from './health';

const well: HealthSources = {
  projection: () => ({
    isLoaded: true,
    isComplete: true,
    snapshotOfMs: null,
    redisDownSinceMs: null,
    epoch: 'e',
    seq: 1,
  }),
  activeLitellm: () => ({ slot: 'blue', base_url: 'http://127.0.0.1:1' }),
  runnerProblem: () => null,
  isDraining: () => false,
};
const projection = (change: object) => (): ReturnType<HealthSources['projection']> => ({
  ...well.projection(),
  ...change,
});

describe('readiness', () => {
  it('is full when nothing is wrong', () => {
    expect(readiness(well, 0)).toEqual({ status: 'ready', problems: [] });
  });

  it.each<[string, Partial<HealthSources>, string, RegExp]>([
    ['Redis is away', { projection: projection({ redisDownSinceMs: 1_000 }) }, 'degraded', /for 9 s/],
    ['Redis was flushed', { projection: projection({ isComplete: false }) }, 'degraded', /rebuilt/],
    ['the keys are being read', { projection: projection({ isLoaded: false }) }, 'degraded', /looked up/],
    [
      'no key was ever read',
      { projection: projection({ isLoaded: false, redisDownSinceMs: 1 }) },
      'not_ready',
      /looked up/,
    ],
    ['the runner is away', { runnerProblem: () => 'ECONNREFUSED' }, 'degraded', /ECONNREFUSED/],
    ['LiteLLM is away', { activeLitellm: () => null }, 'not_ready', /no LiteLLM/],
    ['it drains', { isDraining: () => true }, 'not_ready', /shutting down/],
  ])('when %s', (_name, change, status, problem) => {
    const result = readiness({ ...well, ...change }, 10_000);
    expect(result.status).toBe(status);
    expect(result.problems.map((one) => one.problem).join('\n')).toMatch(problem);
  });
});
