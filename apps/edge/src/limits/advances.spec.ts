import fc from 'fast-check';
import { unlimited } from '@signalbox/gateway';
import type { Caller } from '../keys/key-directory';
import { Advances } from './advances';
import { limitedSubjects } from './limited-subjects';
import type { Admitted, LimitedRequest } from './verdict';

const bucketMs = 250;
const limit = 100_000;

function requestOf(more: object = {}, tokens = 10): LimitedRequest {
  const key = { ...unlimited, key_id: 'key_1', rpm_limit: limit, ...more };
  const caller = { key, workspace: null, organization: null } as unknown as Caller;
  const subjects = limitedSubjects({ requestId: 'r', caller, service: null, estimatedTokens: tokens });
  return { id: 'r', count: 1, tokens, subjects, dialect: 'openai' };
}

function admittedAt(atMs: number, remaining = limit): Admitted {
  return { isAdmitted: true, atMs, requests: { limit, remaining, resetMs: 1_000 }, tokens: null };
}

class World {
  readonly back: { atMs: number; count: number; tokens: number }[] = [];
  readonly advances = new Advances((_subjects, atMs, count, tokens) => {
    this.back.push({ atMs, count, tokens });
  });

  constructor(readonly request = requestOf()) {}

  /** So many arrived in the bucket before the one that begins at this time. */
  busyBefore(startMs: number, count = 100): void {
    for (let index = 0; index < count; index += 1) this.advances.take(this.request, startMs - 100);
    this.advances.take(this.request, startMs);
  }

  grant(atMs: number): number {
    const ahead = this.advances.wanted(this.request, admittedAt(atMs), atMs);
    if (ahead) this.advances.answered(this.request.subjects, ahead, admittedAt(atMs), atMs + 1);
    return ahead?.count ?? 0;
  }
}

describe('room that is counted ahead', () => {
  it('is asked for by what came in the bucket before, for the rest of this one', () => {
    const world = new World();
    world.busyBefore(1_000);
    expect(world.advances.wanted(world.request, admittedAt(1_000), 1_000)).toEqual({
      count: 72,
      tokens: 720,
    });
    const later = new World();
    later.busyBefore(1_000);
    expect(later.advances.wanted(later.request, admittedAt(1_125), 1_125)).toEqual({
      count: 32,
      tokens: 320,
    });
  });

  it.each<[string, Partial<Record<string, number>>, number, number]>([
    ['few come', {}, 5, limit],
    ['little is left of the limit', {}, 100, limit / 5 - 1],
    ['requests at the same time are limited too', { max_parallel_requests: 9 }, 100, limit],
  ])('is not asked for where %s', (_what, limits, count, remaining) => {
    const world = new World(requestOf(limits));
    world.busyBefore(1_000, count);
    expect(world.advances.wanted(world.request, admittedAt(1_000, remaining), 1_000)).toBeNull();
  });

  it('is used up one by one, says what is left, and is not asked for twice', () => {
    const world = new World();
    world.busyBefore(1_000);
    const count = world.grant(1_000);
    expect(world.grant(1_002)).toBe(0);
    const taken = Array.from({ length: count }, () => world.advances.take(world.request, 1_010));
    expect(taken[0]).toMatchObject({ atMs: 1_000, requests: { remaining: limit + count - 1 } });
    expect(taken.at(-1)).toMatchObject({ requests: { remaining: limit } });
    expect(world.advances.take(world.request, 1_010)).toBeNull();
  });

  it('ends with its bucket; what is over goes back', () => {
    const world = new World();
    world.busyBefore(1_000);
    const count = world.grant(1_000);
    expect(world.advances.take(world.request, 1_200)).not.toBeNull();
    expect(world.advances.take(world.request, 1_226)).toBeNull();
    expect(world.back).toEqual([{ atMs: 1_000, count: count - 1, tokens: (count - 1) * 10 }]);
  });

  it('that comes too late goes back whole', () => {
    const world = new World();
    world.busyBefore(1_000);
    const ahead = world.advances.wanted(world.request, admittedAt(1_000), 1_000)!;
    world.advances.answered(world.request.subjects, ahead, admittedAt(1_000), 1_240);
    expect(world.back).toEqual([{ atMs: 1_000, ...ahead }]);
  });

  it('is there again for a caller whose limits were changed, and what was over goes back', () => {
    const [key, before, after] = ['key_1', 'ws_1', 'ws_1'].map((name) => ({
      ...unlimited,
      key_id: name,
      id: name,
      rpm_limit: limit,
    }));
    const requestIn = (workspace: unknown): LimitedRequest => {
      const caller = { key, workspace, organization: null } as unknown as Caller;
      const call = { requestId: 'r', caller, service: null, estimatedTokens: 10 };
      return { ...requestOf(), subjects: limitedSubjects(call) };
    };
    const world = new World(requestIn(before));
    world.busyBefore(1_000);
    const count = world.grant(1_000);
    const changed = requestIn(after);
    for (let index = 0; index < 100; index += 1) expect(world.advances.take(changed, 1_010)).toBeNull();
    expect(world.back).toEqual([{ atMs: 1_000, count, tokens: count * 10 }]);
    world.advances.take(changed, 1_250);
    expect(world.advances.wanted(changed, admittedAt(1_250), 1_250)).toMatchObject({ count: 72 });
  });

  it('is for callers with the same limits only', () => {
    const world = new World();
    world.busyBefore(1_000);
    world.grant(1_000);
    expect(world.advances.take(requestOf(), 1_010)).toBeNull();
  });

  it('whatever happens: each request that was counted is used once in its bucket, or given back', () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 60 }),
      tokens: fc.integer({ min: 1, max: 40 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 0, max: 40 }), (steps, delayMs) => {
        const world = new World();
        let [nowMs, granted, grantedTokens, used, usedTokens] = [1_000, 0, 0, 0, 0];
        for (const { afterMs, tokens } of steps) {
          nowMs += afterMs;
          const request = { ...world.request, tokens };
          const taken = world.advances.take(request, nowMs);
          if (taken) {
            expect(Math.floor(taken.atMs / bucketMs)).toBe(Math.floor(nowMs / bucketMs));
            used += 1;
            usedTokens += tokens;
            continue;
          }
          const ahead = world.advances.wanted(request, admittedAt(nowMs), nowMs);
          if (!ahead) continue;
          granted += ahead.count;
          grantedTokens += ahead.tokens;
          world.advances.answered(request.subjects, ahead, admittedAt(nowMs), nowMs + delayMs);
        }
        world.advances.tidy(Infinity);
        const sum = (pick: (one: { count: number; tokens: number }) => number): number =>
          world.back.reduce((total, one) => total + pick(one), 0);
        expect(used + sum(({ count }) => count)).toBe(granted);
        expect(usedTokens + sum(({ tokens }) => tokens)).toBe(grantedTokens);
      }),
    );
  });
});
