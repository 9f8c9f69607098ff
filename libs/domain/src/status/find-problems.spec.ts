import 'reflect-metadata';
import { ConfigReleaseEntity } from '@signalbox/database';
import { findProblems } from './find-problems';
import type { PlatformStatus, Status } from './status.types';

const counts = { pending: 0, synced: 1, failed: 0 };
const beat = { process: 'edge', id: 'edge-1' };
const runner = {
  active: { slot: 'blue', release_id: 'rel_1', database_mode: true },
  litellm_status: 'running' as const,
};
const platform: PlatformStatus = {
  runner,
  edges: [beat],
  workers: [{ ...beat, process: 'worker' }],
  activeRelease: Object.assign(new ConfigReleaseEntity(), { id: 'rel_1', number: 1 }),
  applyingRelease: null,
  outbox: { pendingCount: 0, failingCount: 0, oldestSeconds: null },
  mirrorReport: null,
  secretStore: { kind: 'sealed', latencyMs: 1, problem: null },
};
const credentials = {
  pending: 0,
  verified: 3,
  unverified: 1,
  invalid: 0,
  exhausted: 0,
  expired: 0,
  unreadable: 0,
};
const well: Status = {
  credentials,
  version: '1',
  databaseLatencyMs: 1,
  redisLatencyMs: 1,
  litellm: 'running',
  litellmVersion: '1.103.1',
  mirror: { workspaces: counts, virtualKeys: counts },
  platform,
  problems: [],
};

const ofPlatform = (more: Partial<PlatformStatus>): Status => ({
  ...well,
  platform: { ...platform, ...more },
});

describe('the problems of an installation', () => {
  it('are none when all is well, for an organization too', () => {
    expect(findProblems(well)).toEqual([]);
    expect(findProblems({ ...well, platform: null })).toEqual([]);
  });

  it.each([
    ['Redis', { ...well, redisLatencyMs: null }],
    ['LiteLLM is starting', { ...well, litellm: 'starting' as const }],
    ['LiteLLM is down', { ...well, litellm: 'down' as const }],
    ['runner', { ...well, litellm: 'unknown' as const }],
    ['edge', ofPlatform({ edges: [] })],
    ['worker', ofPlatform({ workers: [] })],
    ['config release is active', ofPlatform({ activeRelease: null })],
    [
      'another config release',
      ofPlatform({ runner: { ...runner, active: { ...runner.active, release_id: 'rel_2' } } }),
    ],
    [
      'without its database',
      ofPlatform({ runner: { ...runner, active: { ...runner.active, database_mode: false } } }),
    ],
    ['7 changes', ofPlatform({ outbox: { pendingCount: 7, failingCount: 0, oldestSeconds: 61 } })],
    ['2 provider keys are invalid', { ...well, credentials: { ...credentials, invalid: 2 } }],
    [
      'The secret store (infisical): It is away.',
      ofPlatform({ secretStore: { kind: 'infisical', latencyMs: null, problem: 'It is away.' } }),
    ],
    ['2 copies', { ...well, mirror: { ...well.mirror, virtualKeys: { ...counts, failed: 2 } } }],
  ])('tell of one: %s', (words, status) => {
    const problems = findProblems(status);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(words);
  });
});
