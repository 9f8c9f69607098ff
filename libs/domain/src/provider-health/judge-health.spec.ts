import fc from 'fast-check';
import type { ProbeOutcome } from '@signalbox/domain/provider-drivers';
import { type HealthEvidence, judgeHealth, type ProbeFigures, type TrafficFigures } from './judge-health';

const traffic = (calls: number, errorRate: number): TrafficFigures => ({
  calls,
  errorRate,
  firstByteMs: 300,
});
const probe = (outcome: ProbeOutcome, failedInARow = 0): ProbeFigures => ({
  outcome,
  detail: `it was ${outcome}`,
  failedInARow,
});
const evidence = (more: Partial<HealthEvidence>): HealthEvidence => ({
  isEnabled: true,
  probeWay: 'key',
  isDemo: false,
  traffic: null,
  probe: null,
  ...more,
});

it.each([
  ['calls go well', { traffic: traffic(20, 0.02) }, 'healthy', 'calls_succeed', 'traffic'],
  ['some fail', { traffic: traffic(20, 0.2) }, 'degraded', 'some_calls_fail', 'traffic'],
  ['most fail', { traffic: traffic(20, 0.6) }, 'unhealthy', 'calls_fail', 'traffic'],
  ['one call failed, of one', { traffic: traffic(1, 1) }, 'unknown', 'nothing_known', 'none'],
  ['the check passes', { probe: probe('valid') }, 'healthy', 'check_passed', 'probe'],
  ['the check fails once', { probe: probe('unreachable', 1) }, 'degraded', 'check_failed', 'probe'],
  ['and again', { probe: probe('provider_down', 2) }, 'unhealthy', 'check_failed', 'probe'],
  ["the platform's key is bad", { probe: probe('invalid') }, 'degraded', 'key_refused', 'probe'],
  ['its account is empty', { probe: probe('out_of_credit') }, 'degraded', 'no_credit', 'probe'],
  ['it is too fast', { probe: probe('rate_limited') }, 'degraded', 'rate_limited', 'probe'],
  ['the check says nothing', { probe: probe('unknown') }, 'unknown', 'nothing_known', 'none'],
  [
    'calls go well, the check does not',
    { traffic: traffic(9, 0), probe: probe('unreachable', 5) },
    'degraded',
    'check_failed',
    'both',
  ],
  [
    'calls fail, the check passes',
    { traffic: traffic(9, 0.9), probe: probe('valid') },
    'unhealthy',
    'calls_fail',
    'both',
  ],
  ['all is well', { traffic: traffic(9, 0), probe: probe('valid') }, 'healthy', 'calls_succeed', 'both'],
  ['it is switched off', { isEnabled: false, traffic: traffic(9, 0) }, 'unknown', 'switched_off', 'none'],
] as const)('%s', (_why, given, state, reason, source) => {
  expect(judgeHealth(evidence(given))).toMatchObject({ state, reason, source });
});

it('says honestly why nothing is known', () => {
  expect(judgeHealth(evidence({ probeWay: 'none' })).detail).toContain("customers' keys are never used");
  expect(judgeHealth(evidence({ probeWay: 'liveness' })).detail).toContain('said nothing yet');
});

it('says of the demo what it is, and nothing of keys and costs that it has not', () => {
  const demo = (more: Partial<HealthEvidence> = {}) =>
    judgeHealth(evidence({ isDemo: true, probeWay: 'none', ...more }));
  expect(demo()).toMatchObject({ state: 'unknown', reason: 'nothing_known', source: 'none' });
  expect(demo().detail).toContain('canned');
  expect(demo().detail).not.toMatch(/key/);
  expect(demo({ traffic: traffic(5, 0) })).toMatchObject({ state: 'healthy', reason: 'calls_succeed' });
});

it('never gets better by more failures', () => {
  const rank = { healthy: 0, degraded: 1, unhealthy: 2, unknown: 0 };
  const rate = fc.double({ min: 0, max: 1, noNaN: true });
  const checks = fc.option(fc.constantFrom(probe('valid'), probe('unreachable', 1), probe('unreachable', 2)));
  fc.assert(
    fc.property(rate, rate, fc.integer({ min: 3, max: 1_000 }), checks, (one, other, calls, check) => {
      const [less, more] = [Math.min(one, other), Math.max(one, other)];
      const stateAt = (errorRate: number) =>
        judgeHealth(evidence({ traffic: traffic(calls, errorRate), probe: check })).state;
      expect(rank[stateAt(more)]).toBeGreaterThanOrEqual(rank[stateAt(less)]);
    }),
  );
});
