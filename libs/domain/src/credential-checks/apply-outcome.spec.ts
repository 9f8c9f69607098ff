import type { ProbeOutcome, ProbeResult } from '@signalbox/domain/provider-drivers';
import fc from 'fast-check';
import { applyOutcome, type CredentialFacts } from './apply-outcome';
import { type CheckAnswer, secondRefusalAfterMs } from './check-answer';

const start = new Date('2026-01-01T00:00:00.000Z');
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const fresh: CredentialFacts = {
  state: 'pending',
  stateReason: null,
  stateDetail: null,
  stateSince: start,
  verifiedAt: null,
  checkedAt: null,
  nextCheckAt: start,
  checkFailures: 0,
  refusedAt: null,
  expiresAt: null,
};
const verified: CredentialFacts = { ...fresh, state: 'verified', verifiedAt: start };

function answer(outcome: ProbeOutcome, more: Partial<ProbeResult> = {}): ProbeResult {
  return {
    outcome,
    httpStatus: 200,
    code: null,
    detail: `about ${outcome}`,
    retryAfterMs: null,
    expiresAt: null,
    certainty: 'sure',
    ...more,
  };
}

const at = (ms: number): Date => new Date(start.getTime() + ms);
const apply = (before: CredentialFacts, given: CheckAnswer, ms = 0) =>
  applyOutcome(before, given, at(ms), 0.5);
/** One after the other, each with the time since the start. */
const run = (before: CredentialFacts, steps: [CheckAnswer, number][]): CredentialFacts =>
  steps.reduce((facts, [given, ms]) => apply(facts, given, ms).facts, before);

const unclear: CheckAnswer[] = [
  answer('rate_limited'),
  answer('provider_down'),
  answer('unreachable'),
  answer('unknown'),
];
const noRefusal: CheckAnswer[] = [
  ...unclear,
  answer('valid'),
  answer('valid', { certainty: 'none' }),
  answer('out_of_credit'),
  answer('forbidden'),
  { outcome: 'store_unavailable', detail: 'away' },
  { outcome: 'secret_unreadable', detail: 'gone' },
];

describe('a new key', () => {
  it.each([
    [answer('valid'), 'verified', null, null],
    [answer('valid', { certainty: 'probable' }), 'verified', 'probably_accepted', null],
    [answer('valid', { certainty: 'none' }), 'unverified', 'not_checkable', null],
    [answer('unknown', { certainty: 'none' }), 'unverified', 'not_checkable', null],
    [answer('invalid'), 'invalid', 'provider_refused', 'credential.invalid'],
    [answer('out_of_credit'), 'exhausted', 'out_of_credit', 'credential.exhausted'],
    [answer('forbidden'), 'unverified', 'forbidden', null],
    [answer('rate_limited'), 'unverified', 'rate_limited', null],
    [answer('provider_down'), 'unverified', 'provider_down', null],
    [answer('unreachable'), 'unverified', 'unreachable', null],
    [answer('unknown'), 'unverified', 'unknown', null],
    [
      { outcome: 'secret_unreadable', detail: 'd' },
      'unreadable',
      'secret_unreadable',
      'credential.unreadable',
    ],
    [answer('valid', { expiresAt: start }), 'expired', 'expires_at_passed', 'credential.expired'],
  ] as const)('after %j is %s (%s), and tells %s', (given, state, reason, event) => {
    const applied = apply(fresh, given);
    expect(applied).toMatchObject({ facts: { state, stateReason: reason }, event, isVisible: true });
  });

  it('stays as it is while the secret store is away, and is looked at again', () => {
    const { facts, event, isVisible } = apply(fresh, { outcome: 'store_unavailable', detail: 'd' });
    expect(facts).toMatchObject({ state: 'pending', stateReason: null, checkedAt: null, checkFailures: 1 });
    expect([event, isVisible, facts.nextCheckAt]).toEqual([null, false, at(minuteMs)]);
  });
});

describe('a key that was once accepted', () => {
  it('stays in use after one refusal, and is asked again five minutes later', () => {
    const { facts, event, isVisible } = apply(verified, answer('invalid'));
    expect(facts).toMatchObject({ state: 'verified', stateReason: 'refused_once', refusedAt: start });
    expect([event, isVisible]).toEqual([null, true]);
    expect(facts.nextCheckAt!.getTime()).toBeGreaterThanOrEqual(at(secondRefusalAfterMs).getTime());
  });

  it('is invalid after the second one, not before five minutes have passed', () => {
    const early = run(verified, [
      [answer('invalid'), 0],
      [answer('invalid'), secondRefusalAfterMs - 1],
    ]);
    expect(early.state).toBe('verified');
    const { facts, event } = apply(early, answer('invalid'), secondRefusalAfterMs);
    expect([facts.state, event]).toEqual(['invalid', 'credential.invalid']);
  });

  it.each(['valid', 'forbidden', 'out_of_credit'] as const)('starts to count anew after %s', (outcome) => {
    const facts = run(verified, [
      [answer('invalid'), 0],
      [answer(outcome), minuteMs],
      [answer('invalid'), 2 * hourMs],
    ]);
    expect(facts.state).not.toBe('invalid');
  });

  it('is not touched by answers that say nothing of it, not even in its words', () => {
    for (const given of unclear) {
      const { facts, event, isVisible } = apply(verified, given);
      expect(facts).toMatchObject({ state: 'verified', stateReason: null, stateDetail: null });
      expect([event, isVisible]).toEqual([null, false]);
    }
  });

  it('shows why the provider lets it do nothing, and stays in use', () => {
    expect(apply(verified, answer('forbidden'))).toMatchObject({
      facts: { state: 'verified', stateReason: 'forbidden', stateDetail: 'about forbidden' },
      event: null,
      isVisible: true,
    });
  });

  it('makes no new version of itself each time it is checked', () => {
    const once = apply(verified, answer('valid')).facts;
    const again = apply(once, answer('valid'), hourMs);
    expect([again.isVisible, again.facts.checkedAt, again.facts.verifiedAt]).toEqual([
      false,
      at(hourMs),
      at(hourMs),
    ]);
  });
});

describe('a key that is out of use', () => {
  it.each(['invalid', 'exhausted', 'unreadable', 'expired'] as const)(
    'comes back from %s when the provider accepts it',
    (state) => {
      const { facts, event } = apply({ ...verified, state }, answer('valid'));
      expect([facts.state, event]).toEqual(['verified', 'credential.recovered']);
    },
  );

  it.each(['invalid', 'exhausted'] as const)('stays %s after an answer that says nothing of it', (state) => {
    const before = { ...verified, state, stateReason: 'why', stateDetail: 'because' };
    for (const given of [...unclear, answer('forbidden')]) {
      expect(apply(before, given)).toMatchObject({
        facts: { state, stateReason: 'why', stateDetail: 'because' },
        event: null,
        isVisible: false,
      });
    }
  });

  it('is usable again as soon as its secret can be read', () => {
    const { facts, event } = apply({ ...verified, state: 'unreadable' }, answer('provider_down'));
    expect([facts.state, event]).toEqual(['verified', 'credential.recovered']);
  });

  it('is invalid at the first refusal if it never was accepted', () => {
    expect(apply({ ...fresh, state: 'exhausted' }, answer('invalid')).facts.state).toBe('invalid');
  });
});

describe('when a key ends', () => {
  it('takes the earlier one of what its owner and the provider say', () => {
    const owner = { ...verified, expiresAt: at(hourMs) };
    const later = apply(owner, answer('valid', { expiresAt: at(2 * hourMs) }));
    expect([later.facts.expiresAt, later.isVisible]).toEqual([at(hourMs), false]);
    const earlier = apply(owner, answer('valid', { expiresAt: at(minuteMs) }));
    expect([earlier.facts.expiresAt, earlier.isVisible]).toEqual([at(minuteMs), true]);
  });

  it('is not asked about any more', () => {
    const { facts } = apply({ ...verified, expiresAt: start }, { outcome: 'expired', detail: 'd' });
    expect([facts.state, facts.nextCheckAt]).toEqual(['expired', null]);
  });

  it('is not ended by somebody who looked before it was given more time', () => {
    const before = { ...verified, expiresAt: at(hourMs) };
    expect(apply(before, { outcome: 'expired', detail: 'd' }).facts).toBe(before);
  });
});

describe('the next check', () => {
  const delayMs = (given: CheckAnswer, before: CredentialFacts, random: number): number =>
    applyOutcome(before, given, start, random).facts.nextCheckAt!.getTime() - start.getTime();

  it('comes after a day, spread by a fifth', () => {
    expect([0, 0.5, 1].map((random) => delayMs(answer('valid'), verified, random) / hourMs)).toEqual([
      19.2, 24, 28.8,
    ]);
  });

  it('comes later and later while the answers are unclear, and at most after an hour', () => {
    let facts = fresh;
    const delays = Array.from({ length: 9 }, () => {
      const ms = delayMs(answer('provider_down'), facts, 0.5);
      facts = apply(facts, answer('provider_down')).facts;
      return ms / minuteMs;
    });
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('is not before the provider wants it', () => {
    expect(delayMs(answer('rate_limited', { retryAfterMs: 5 * hourMs }), fresh, 0)).toBe(5 * hourMs);
  });

  it('of a refused key comes soon, and then less and less often', () => {
    let facts = fresh;
    const delays = Array.from({ length: 13 }, () => {
      const ms = delayMs(answer('invalid'), facts, 0.5);
      facts = apply(facts, answer('invalid')).facts;
      return ms / minuteMs;
    });
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 1_440, 1_440]);
  });

  it('of an account without credit comes each quarter of an hour', () => {
    expect(delayMs(answer('out_of_credit'), verified, 0.5)).toBe(15 * minuteMs);
  });
});

describe('for any sequence of answers', () => {
  const gapMs = fc.integer({ min: 0, max: 3 * hourMs });
  const stepsOf = (answers: CheckAnswer[]) =>
    fc.array(fc.tuple(fc.constantFrom(...answers), gapMs), { maxLength: 40 });
  const timed = (steps: [CheckAnswer, number][]): [CheckAnswer, number][] => {
    let ms = 0;
    return steps.map(([given, gap]) => [given, (ms += gap)]);
  };

  it('without a refusal, no key is ever invalid', () => {
    fc.assert(
      fc.property(fc.constantFrom(fresh, verified), stepsOf(noRefusal), (before, steps) => {
        let facts = before;
        for (const [given, ms] of timed(steps)) {
          facts = apply(facts, given, ms).facts;
          expect(facts.state).not.toBe('invalid');
        }
      }),
    );
  });

  it('a key that was accepted is made invalid only by a refusal with another one at least 5 minutes before it', () => {
    fc.assert(
      fc.property(stepsOf([...noRefusal, answer('invalid'), answer('invalid')]), (steps) => {
        let facts = verified;
        let refusedMs: number[] = [];
        for (const [given, ms] of timed(steps)) {
          const before = facts.state;
          facts = apply(facts, given, ms).facts;
          if (given.outcome === 'invalid') refusedMs.push(ms);
          if (given.outcome === 'valid') refusedMs = [];
          if (facts.state !== 'invalid' || before === 'invalid') continue;
          expect(given.outcome).toBe('invalid');
          expect(ms - refusedMs[0]!).toBeGreaterThanOrEqual(secondRefusalAfterMs);
        }
      }),
    );
  });

  it('one good answer brings every key back, whatever came before', () => {
    fc.assert(
      fc.property(stepsOf([...noRefusal, answer('invalid')]), (steps) => {
        const facts = run(verified, [...timed(steps), [answer('valid'), 1_000 * hourMs]]);
        expect(facts).toMatchObject({ state: 'verified', refusedAt: null, checkFailures: 0 });
      }),
    );
  });

  it('a disabled key never changes, nor is its owner told anything', () => {
    const disabled: CredentialFacts = { ...verified, state: 'disabled', expiresAt: at(-1) };
    fc.assert(
      fc.property(fc.constantFrom(...noRefusal, answer('invalid')), gapMs, (given, ms) => {
        const applied = apply(disabled, given, ms);
        expect(applied).toEqual({ facts: disabled, event: null, isVisible: false });
      }),
    );
  });

  it('the next check is always in the future, and the owner is told exactly when the key comes into use or out of it', () => {
    const outOfUse = new Set(['invalid', 'exhausted', 'expired', 'unreadable']);
    fc.assert(
      fc.property(stepsOf([...noRefusal, answer('invalid')]), (steps) => {
        let facts = fresh;
        for (const [given, ms] of timed(steps)) {
          const before = facts.state;
          const applied = apply(facts, given, ms);
          facts = applied.facts;
          expect(facts.nextCheckAt!.getTime()).toBeGreaterThan(at(ms).getTime());
          const isNews = before !== facts.state && (outOfUse.has(before) || outOfUse.has(facts.state));
          expect(applied.event !== null).toBe(isNews);
          if (isNews) expect(applied.isVisible).toBe(true);
        }
      }),
    );
  });
});
