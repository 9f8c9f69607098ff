import type { ProbeOutcome, ProbeResult } from '@signalbox/domain/provider-drivers';
import fc from 'fast-check';
import {
  decideValidation,
  hookCacheMs,
  newKeyPatienceMs,
  pauseBetweenProbesMs,
  forcedHoldMs,
  retirementAt,
  retryDelayMs,
  type ValidationSoFar,
} from './rotation-decisions';

const start = new Date('2026-01-01T00:00:00.000Z');
const after = (ms: number): Date => new Date(start.getTime() + ms);
const nothingYet: ValidationSoFar = { firstValidAt: null, firstRefusedAt: null, madeAt: null };

function probed(outcome: ProbeOutcome, more: Partial<ProbeResult> = {}): ProbeResult {
  const base = { httpStatus: 200, code: null, detail: 'said', retryAfterMs: null, expiresAt: null };
  return { outcome, certainty: 'sure', ...base, ...more };
}

/** What a row of answers, one each pause, comes to. */
function verdictOf(outcomes: readonly ProbeOutcome[], madeAt: Date | null = null): string {
  let soFar: ValidationSoFar = { ...nothingYet, madeAt };
  for (const [index, outcome] of outcomes.entries()) {
    const verdict = decideValidation(probed(outcome), soFar, after(index * pauseBetweenProbesMs));
    if (verdict.kind === 'accepted' || verdict.kind === 'refused') return verdict.kind;
    if (verdict.kind !== 'again') continue;
    const { firstValidAt, firstRefusedAt } = verdict;
    soFar = { madeAt, firstValidAt, firstRefusedAt };
  }
  return 'open';
}

const unclear = fc.constantFrom<ProbeOutcome>(
  'out_of_credit',
  'forbidden',
  'rate_limited',
  'provider_down',
  'unreachable',
  'unknown',
);

describe('the validation of a new key', () => {
  it.each<[string, ProbeOutcome[]]>([
    ['accepted', ['valid', 'valid']],
    ['open', ['valid']],
    ['refused', ['invalid', 'invalid']],
    ['open', ['invalid']],
    ['accepted', ['invalid', 'valid', 'valid']],
    ['open', ['valid', 'invalid', 'valid']],
    ['refused', ['valid', 'invalid', 'invalid']],
    ['accepted', ['rate_limited', 'valid', 'unreachable', 'valid']],
  ])('is %s after %j', (verdict, outcomes) => expect(verdictOf(outcomes)).toBe(verdict));

  it('never ends by what says nothing of the key', () => {
    fc.assert(
      fc.property(fc.array(unclear, { maxLength: 50 }), (outcomes) => {
        expect(verdictOf(outcomes)).toBe('open');
      }),
    );
  });

  it('accepts or refuses nothing by one answer, however often it is looked at within the pause', () => {
    for (const outcome of ['valid', 'invalid'] as const) {
      const first = decideValidation(probed(outcome), nothingYet, start);
      expect(first).toMatchObject({ kind: 'again', at: after(pauseBetweenProbesMs) });
      const soFar = { ...nothingYet, ...(first as object) };
      const soon = decideValidation(probed(outcome), soFar, after(pauseBetweenProbesMs - 1));
      expect(soon.kind).toBe('again');
    }
  });

  it('has patience with a key that was just made and is not known everywhere yet', () => {
    const refusals = Array.from({ length: 20 }, () => 'invalid' as const);
    expect(verdictOf(refusals, start)).toBe('open');
    const soFar = { ...nothingYet, firstRefusedAt: start, madeAt: start };
    expect(decideValidation(probed('invalid'), soFar, after(newKeyPatienceMs)).kind).toBe('refused');
  });

  it('does without where nothing can be asked', () => {
    const cannotTell = probed('unknown', { certainty: 'none', httpStatus: null });
    const soFar = { ...nothingYet, firstValidAt: start };
    expect(decideValidation(cannotTell, soFar, after(pauseBetweenProbesMs)).kind).toBe('accepted');
    const page = probed('unknown', { certainty: 'none', httpStatus: 200 });
    expect(decideValidation(page, soFar, after(pauseBetweenProbesMs)).kind).toBe('unclear');
  });
});

describe('the retirement of the old value', () => {
  const old = fc.record({
    switchedAt: fc.constant(start),
    lastUsedAt: fc.option(fc.integer({ min: -1e9, max: 1e9 }).map(after)),
    graceMs: fc.nat(1e9),
    deadlineAt: fc.option(fc.nat(1e9).map(after)),
    isForced: fc.constant(false),
    heldMs: fc.constant(hookCacheMs),
  });

  it('never comes while a hook may still serve it, whatever the grace time or the deadline', () => {
    fc.assert(
      fc.property(old, (each) => {
        expect(retirementAt(each).getTime()).toBeGreaterThanOrEqual(start.getTime() + hookCacheMs);
        const forced = retirementAt({ ...each, isForced: true });
        expect(forced.getTime()).toBe(start.getTime() + forcedHoldMs);
      }),
    );
  });

  it('waits for the grace time after the last use, but not past the deadline', () => {
    fc.assert(
      fc.property(old, (each) => {
        const atMs = retirementAt(each).getTime();
        const lastMs = Math.max(start.getTime(), each.lastUsedAt?.getTime() ?? 0);
        const deadlineMs = each.deadlineAt?.getTime() ?? Infinity;
        const held = start.getTime() + hookCacheMs;
        expect(atMs >= lastMs + each.graceMs || atMs >= deadlineMs).toBe(true);
        expect(atMs).toBeLessThanOrEqual(Math.max(deadlineMs, held));
      }),
    );
  });

  it('is never brought forward by a use', () => {
    fc.assert(
      fc.property(old, fc.nat(1e9), (each, later) => {
        const usedLater = new Date((each.lastUsedAt ?? start).getTime() + later);
        expect(retirementAt({ ...each, lastUsedAt: usedLater }).getTime()).toBeGreaterThanOrEqual(
          retirementAt(each).getTime(),
        );
      }),
    );
  });
});

describe('the delay of a retry', () => {
  it('grows to five minutes, and respects what the provider asks for', () => {
    expect([0, 1, 2, 3].map((attempts) => retryDelayMs(attempts, null))).toEqual([2e3, 4e3, 8e3, 16e3]);
    expect(retryDelayMs(1_000, null)).toBe(300_000);
    expect(retryDelayMs(0, 60_000)).toBe(60_000);
  });
});
