import { AppError } from '@signalbox/common';
import { decideOnKnownRecord, type KnownRecord } from './idempotency.decision';

const now = new Date('2026-11-21T08:00:00Z');
const target = { targetType: 'virtual_key', targetId: 'key_1' };
const record: KnownRecord = {
  requestHash: 'same',
  responseStatus: null,
  sealedResponse: null,
  carriedOut: null,
  lockedUntil: new Date(now.getTime() + 1),
};
const leaseOver = { lockedUntil: now };

function codeOf(known: Partial<KnownRecord>, requestHash = 'same'): string {
  try {
    decideOnKnownRecord({ ...record, ...known }, requestHash, now);
  } catch (error) {
    if (error instanceof AppError) return error.code;
  }
  return 'replayed';
}

describe('a known Idempotency-Key', () => {
  it.each([
    ['with an answer', { responseStatus: 201, sealedResponse: 'v1.x', carriedOut: target }, 'replayed'],
    [
      'with an answer of a request that changed nothing',
      { responseStatus: 200, sealedResponse: 'v1.x' },
      'replayed',
    ],
    ['whose request runs', {}, 'idempotency_in_progress'],
    ['whose request has made its change and still runs', { carriedOut: target }, 'idempotency_in_progress'],
    ['whose process died after the change', { carriedOut: target, ...leaseOver }, 'idempotency_answer_lost'],
    ['whose process died before the change', leaseOver, 'idempotency_in_progress'],
  ])('%s', (_title, known, code) => expect(codeOf(known)).toBe(code));

  it('is never replayed to another request', () => {
    expect(codeOf({ responseStatus: 201, sealedResponse: 'v1.x' }, 'other')).toBe('idempotency_key_reused');
    expect(codeOf({ carriedOut: target, ...leaseOver }, 'other')).toBe('idempotency_key_reused');
  });
});
