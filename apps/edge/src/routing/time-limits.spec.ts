import fc from 'fast-check';
import { defaultRoutingPolicy } from '@signalbox/gateway';
import { attemptTimeoutMs, clientPatienceMs, timeLimitsOf } from './time-limits';

const policy = { ...defaultRoutingPolicy, first_byte_timeout_ms: 10_000, total_timeout_ms: 100_000 };
const times = { startedAtMs: 1_000, nowMs: 2_000, platformFirstByteMs: 45_000 };

it.each([
  [{}, null],
  [{ 'x-stainless-timeout': '600' }, 598_000],
  [{ 'x-stainless-read-timeout': '10.0' }, 9_500],
  [{ 'x-stainless-timeout': '60', 'x-stainless-read-timeout': '20' }, 19_000],
  [{ 'x-stainless-timeout': 'NOT_GIVEN' }, null],
  [{ 'x-stainless-timeout': '0' }, null],
  [{ 'x-stainless-timeout': '-5' }, null],
  [{ 'x-stainless-timeout': 'Infinity' }, null],
])('the patience of a client that says %j is %p', (headers, expected) => {
  expect(clientPatienceMs(headers)).toBe(expected);
});

it("ends with the policy's time or with the client's, whichever is first", () => {
  expect(timeLimitsOf(policy, false, {}, times).deadlineMs).toBe(102_000);
  expect(timeLimitsOf(policy, false, { 'x-stainless-timeout': '20' }, times).deadlineMs).toBe(20_000);
  expect(timeLimitsOf(policy, false, { 'x-stainless-timeout': '900' }, times).deadlineMs).toBe(102_000);
});

it('is unfair to a provider where the client is in a hurry, never where the policy is', () => {
  const fairMs = (isStream: boolean, headers: Record<string, string>, change = {}): number =>
    timeLimitsOf({ ...policy, first_byte_timeout_ms: 45_000, ...change }, isStream, headers, times).fairMs;
  expect(fairMs(true, {})).toBe(0);
  expect(fairMs(true, { 'x-stainless-timeout': '900' })).toBe(0);
  expect(fairMs(true, { 'x-stainless-timeout': '1' })).toBe(10_000);
  expect(fairMs(false, { 'x-stainless-timeout': '1' })).toBe(45_000);
  expect(fairMs(true, { 'x-stainless-timeout': '1' }, { first_byte_timeout_ms: 2_000 })).toBe(2_000);
});

it("is unfair to a provider of a shared key below what the platform's own rules give it", () => {
  const sharedFairMs = (isStream: boolean, platformFirstByteMs: number): number =>
    timeLimitsOf({ ...policy, first_byte_timeout_ms: 1_000 }, isStream, {}, { ...times, platformFirstByteMs })
      .sharedFairMs;
  expect(sharedFairMs(true, 45_000)).toBe(10_000);
  expect(sharedFairMs(true, 3_000)).toBe(3_000);
  expect(sharedFairMs(false, 45_000)).toBe(45_000);
});

describe('one attempt', () => {
  const limits = (isStream: boolean) => timeLimitsOf(policy, isStream, {}, times);

  it('at a stream has its limit, or what is left', () => {
    expect(attemptTimeoutMs(limits(true), 2_000, false)).toBe(10_000);
    expect(attemptTimeoutMs(limits(true), 99_000, false)).toBe(3_000);
  });

  it('at an answer in one piece leaves half of the time to the next one, but not to nobody', () => {
    expect(attemptTimeoutMs(limits(false), 2_000, false)).toBe(50_000);
    expect(attemptTimeoutMs(limits(false), 2_000, true)).toBe(100_000);
    expect(attemptTimeoutMs(limits(false), 92_000, false)).toBe(10_000);
  });

  it('never goes past the end', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 0, max: 200_000 }),
        (isStream, isLast, nowMs) => {
          const timeoutMs = attemptTimeoutMs(limits(isStream), nowMs, isLast);
          expect(timeoutMs).toBeGreaterThanOrEqual(0);
          expect(timeoutMs === 0 || nowMs + timeoutMs <= 102_000).toBe(true);
        },
      ),
    );
  });
});
