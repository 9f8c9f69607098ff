import { isSecretDead, mirrorOf, virtualKeyStatus } from './virtual-key.state';

const now = new Date('2026-01-01T00:00:00.000Z');
const past = new Date('2025-01-01T00:00:00.000Z');
const future = new Date('2027-01-01T00:00:00.000Z');
const alive = { blocked: false, expiresAt: null, revokedAt: null, deletedAt: null };

describe('the state of a key', () => {
  it.each([
    ['active', {}],
    ['active', { expiresAt: future }],
    ['blocked', { blocked: true }],
    ['expired', { expiresAt: now, blocked: true }],
    ['revoked', { revokedAt: past, expiresAt: past, blocked: true }],
  ])('is %s with %j', (status, fields) => {
    expect(virtualKeyStatus({ ...alive, ...fields }, now)).toBe(status);
  });
});

describe('a value', () => {
  it.each([
    [false, {}, null],
    [false, {}, future],
    [true, {}, now],
    [true, { revokedAt: past }, null],
    [true, { deletedAt: past }, future],
    [false, { expiresAt: past }, null],
  ])('is dead: %p, of a key with %j, valid until %p', (isDead, fields, validUntil) => {
    expect(isSecretDead({ ...alive, ...fields }, { validUntil }, now)).toBe(isDead);
  });
});

describe('the mirror of a key', () => {
  const secret = { validUntil: null, mirrorError: null };
  it('is as far as its value that is furthest behind', () => {
    const synced = { ...secret, mirrorState: 'synced' as const };
    const removed = { ...secret, mirrorState: 'removed' as const };
    const pending = { ...secret, mirrorState: 'pending' as const };
    const failed = { ...secret, mirrorState: 'failed' as const, mirrorError: 'refused' };
    expect(mirrorOf([synced, removed])).toEqual({ state: 'synced', error: null });
    expect(mirrorOf([synced, pending])).toEqual({ state: 'pending', error: null });
    expect(mirrorOf([pending, failed, synced])).toEqual({ state: 'failed', error: 'refused' });
  });
});
