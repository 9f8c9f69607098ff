import fc from 'fast-check';
import { failureReasons, type FailureReason } from './attempt-failure';
import {
  afterResult,
  beginProbe,
  type Breaker,
  type BreakerResult,
  breakerRules,
  breakerVerdict,
  closedBreaker,
  type OpenBreaker,
  retryAfterOf,
  takeHint,
} from './breaker';

const startMs = 1_000_000;
const noJitter = (): number => 0;

function fails(reason: FailureReason, retryAfterMs: number | null = null): BreakerResult {
  return { reason, retryAfterMs };
}

function after(results: readonly BreakerResult[], from: Breaker = closedBreaker, atMs = startMs): Breaker {
  return results.reduce<Breaker>((breaker, one) => afterResult(breaker, one, atMs, noJitter), from);
}

function openFor(breaker: Breaker, nowMs = startMs): number {
  expect(breaker.kind).toBe('open');
  return retryAfterOf(breaker, nowMs);
}

function probed(breaker: Breaker, atMs: number): Breaker {
  const probing = beginProbe(breaker, atMs);
  if (!probing) throw new Error('no probe may begin');
  return probing;
}

describe('what opens a closed breaker', () => {
  it('two connections that fail one after the other', () => {
    expect(after([fails('connect_error')]).kind).toBe('closed');
    expect(after([fails('connect_error'), 'success', fails('connect_error')]).kind).toBe('closed');
    expect(openFor(after([fails('connect_error'), fails('connect_error')]))).toBe(2_000);
  });

  it('five failures that are half of the last twenty', () => {
    const bad = Array.from({ length: 5 }, () => fails('provider_error'));
    const good = (count: number): BreakerResult[] => Array.from({ length: count }, () => 'success' as const);
    expect(after(bad.slice(1)).kind).toBe('closed');
    expect(after(bad).kind).toBe('open');
    expect(after([...good(5), ...bad]).kind).toBe('open');
    expect(after([...good(6), ...bad]).kind).toBe('closed');
    const ten = [...bad, ...bad];
    expect(after([...good(100), ...ten.slice(1)]).kind).toBe('closed');
    expect(after([...good(100), ...ten]).kind).toBe('open');
  });

  it('not failures of long ago', () => {
    const four = after(Array.from({ length: 4 }, () => fails('timeout')));
    expect(after([fails('timeout')], four, startMs + breakerRules.windowMs + 1).kind).toBe('closed');
    expect(after([fails('timeout')], four, startMs + breakerRules.windowMs).kind).toBe('open');
  });

  it.each(['credential_refused', 'payment_required'] as const)('%s at once, and for long', (reason) => {
    expect(openFor(after([fails(reason)]))).toBe(30_000);
  });

  it('a 429 until its Retry-After, at most a minute, and shortly without one', () => {
    expect(openFor(after([fails('rate_limited', 7_000)]))).toBe(7_000);
    expect(openFor(after([fails('rate_limited', 3_600_000)]))).toBe(60_000);
    expect(openFor(after([fails('rate_limited')]))).toBe(1_000);
    expect(openFor(after([fails('rate_limited', 0)]))).toBe(1_000);
  });

  it.each(['client_error', 'model_unknown', 'breaker_open', 'litellm_down', 'litellm_error'] as const)(
    'never %s',
    (reason) => {
      expect(after(Array.from({ length: 50 }, () => fails(reason)))).toBe(closedBreaker);
    },
  );

  it('every reason has its weight: it opens in the end, or it never counts', () => {
    for (const reason of failureReasons) {
      const { kind } = after(Array.from({ length: 20 }, () => fails(reason)));
      const isOurs = /client_error|model_unknown|breaker_open|litellm/.test(reason);
      expect([reason, kind]).toEqual([reason, isOurs ? 'closed' : 'open']);
    }
  });
});

describe('an open breaker', () => {
  const open = after([fails('connect_error'), fails('connect_error')]);

  it('lets a probe through when its time is over, and one only', () => {
    expect(breakerVerdict(open, startMs + 1_999)).toBe('open');
    expect(beginProbe(open, startMs + 1_999)).toBeNull();
    expect(breakerVerdict(open, startMs + 2_000)).toBe('may_probe');
    const probing = probed(open, startMs + 2_000);
    expect(breakerVerdict(probing, startMs + 2_001)).toBe('open');
    expect(beginProbe(probing, startMs + 2_001)).toBeNull();
  });

  it('closes with a good probe, and has forgotten everything', () => {
    expect(afterResult(probed(open, startMs + 2_000), 'success', startMs + 2_100, noJitter)).toBe(
      closedBreaker,
    );
  });

  it('opens for twice as long with each bad probe, up to a minute', () => {
    const times: number[] = [];
    let breaker = open;
    for (let round = 0, nowMs = startMs; round < 8; round += 1) {
      times.push(openFor(breaker, nowMs));
      nowMs += openFor(breaker, nowMs);
      breaker = afterResult(probed(breaker, nowMs), fails('provider_error'), nowMs, noJitter);
    }
    expect(times).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('is not closed by a call that began before', () => {
    expect(after(['success'], open)).toBe(open);
    expect(after([fails('provider_error', 50_000)], open)).toBe(open);
  });

  it('stays open for longer when a call that began before brings a later time, or a refused key', () => {
    expect(openFor(after([fails('rate_limited', 9_000)], open))).toBe(9_000);
    expect(openFor(after([fails('rate_limited', 1_500)], open))).toBe(2_000);
    expect(openFor(after([fails('credential_refused')], open))).toBe(30_000);
  });

  it.each(['abandoned', fails('client_error'), fails('litellm_down')] as const)(
    'after a probe that says nothing (%j) the next call may be one',
    (result) => {
      const lost = afterResult(probed(open, startMs + 2_000), result, startMs + 2_100, noJitter);
      expect(breakerVerdict(lost, startMs + 2_100)).toBe('may_probe');
      expect((lost as OpenBreaker).opens).toBe(1);
    },
  );

  it('adds at most a fifth at random', () => {
    const longest = afterResult(closedBreaker, fails('rate_limited', 10_000), startMs, () => 1);
    expect(openFor(longest)).toBe(12_000);
  });
});

describe('hints of other edges', () => {
  const hint = { state: 'open', cause: 'rate_limited', untilMs: startMs + 5_000, opens: 2 } as const;

  it('open and close', () => {
    const taken = takeHint(closedBreaker, hint, startMs);
    expect([openFor(taken), (taken as OpenBreaker).opens]).toEqual([5_000, 2]);
    expect(takeHint(taken, { state: 'closed' }, startMs)).toBe(closedBreaker);
    expect(takeHint(closedBreaker, { state: 'closed' }, startMs)).toBe(closedBreaker);
  });

  it('lengthen an open time, never shorten it', () => {
    const open = after([fails('credential_refused')]);
    expect(takeHint(open, hint, startMs)).toBe(open);
    expect(openFor(takeHint(open, { ...hint, untilMs: startMs + 40_000 }, startMs))).toBe(40_000);
  });

  it('that are over, or of a clock far ahead, do no harm', () => {
    expect(takeHint(closedBreaker, { ...hint, untilMs: startMs }, startMs)).toBe(closedBreaker);
    expect(openFor(takeHint(closedBreaker, { ...hint, untilMs: startMs + 9e12 }, startMs))).toBe(60_000);
  });
});

describe('whatever happens', () => {
  const result: fc.Arbitrary<BreakerResult> = fc.oneof(
    fc.constant<BreakerResult>('success'),
    fc.constant<BreakerResult>('abandoned'),
    fc.record({
      reason: fc.constantFrom(...failureReasons),
      retryAfterMs: fc.option(fc.integer({ min: -1_000, max: 10_000_000 })),
    }),
  );
  const step = (movesMs: fc.Arbitrary<number>): fc.Arbitrary<Step> =>
    fc.record({ movesMs, result: fc.option(result), random: fc.double({ min: 0, max: 1, noNaN: true }) });
  interface Step {
    movesMs: number;
    /** null: nothing ends, somebody only asks. */
    result: BreakerResult | null;
    random: number;
  }
  const forward = fc.array(step(fc.integer({ min: 0, max: 20_000 })), { maxLength: 80 });
  const anyTime = fc.array(step(fc.integer({ min: -100_000_000, max: 100_000_000 })), { maxLength: 80 });

  it('there are never two probes within a lease', () => {
    fc.assert(
      fc.property(forward, (steps) => {
        let breaker: Breaker = closedBreaker;
        let nowMs = startMs;
        let probeBeganMs: number | null = null;
        for (const { movesMs, result: ended, random } of steps) {
          nowMs += movesMs;
          const begun = beginProbe(breaker, nowMs);
          if (begun) {
            if (probeBeganMs !== null)
              expect(nowMs - probeBeganMs).toBeGreaterThanOrEqual(breakerRules.probeLeaseMs);
            [breaker, probeBeganMs] = [begun, nowMs];
          }
          if (!ended) continue;
          const wasProbing = breaker.kind === 'half_open';
          breaker = afterResult(breaker, ended, nowMs, () => random);
          if (wasProbing) probeBeganMs = null;
        }
      }),
    );
  });

  it('an open time ends in a probe within the longest time, and a good probe closes, also if the clock jumps', () => {
    fc.assert(
      fc.property(anyTime, (steps) => {
        let breaker: Breaker = closedBreaker;
        let nowMs = 1e12;
        for (const { movesMs, result: ended, random } of steps) {
          nowMs += movesMs;
          breaker = beginProbe(breaker, nowMs) ?? breaker;
          if (ended) breaker = afterResult(breaker, ended, nowMs, () => random);
          expect(retryAfterOf(breaker, nowMs)).toBeLessThanOrEqual(breakerRules.longestOpenMs);
          if (breaker.kind === 'closed') continue;
          const laterMs = nowMs + breakerRules.longestOpenMs;
          expect(afterResult(probed(breaker, laterMs), 'success', laterMs, noJitter)).toBe(closedBreaker);
        }
      }),
    );
  });

  it('a success never opens, and what never counts never changes a closed breaker', () => {
    fc.assert(
      fc.property(forward, (steps) => {
        let breaker: Breaker = closedBreaker;
        for (const { result: ended, random } of steps) {
          const before: Breaker = breaker;
          if (ended) breaker = afterResult(breaker, ended, startMs, () => random);
          if (ended === 'success' && before.kind === 'closed') expect(breaker.kind).toBe('closed');
          if (ended === 'abandoned' && before.kind === 'closed') expect(breaker).toBe(before);
          expect(breaker.kind === 'closed' ? breaker.results.length : 0).toBeLessThanOrEqual(20);
        }
      }),
    );
  });
});
