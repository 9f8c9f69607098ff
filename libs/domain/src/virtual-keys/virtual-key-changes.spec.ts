import { AppError } from '@signalbox/common';
import { VirtualKeyEntity } from '@signalbox/database';
import { applySettings, auditedChanges, expiryOf, parseOverlapMs } from './virtual-key-changes';

const now = new Date('2026-01-01T00:00:00.000Z');

function keyWith(fields: Partial<VirtualKeyEntity> = {}): VirtualKeyEntity {
  const base = { keyAlias: null, models: [], maxBudget: null, metadata: {}, blocked: false, expiresAt: null };
  return Object.assign(new VirtualKeyEntity(), { ...base, ...fields });
}

describe('changes of a virtual key', () => {
  it('touch only the given fields, and name those that are different now', () => {
    const key = keyWith({ rpmLimit: 5, models: ['a'] });
    const changed = applySettings(key, { models: ['a'], rpmLimit: null, duration: '1h' }, now);
    expect(changed).toEqual(['rpmLimit', 'expiresAt']);
    expect(key).toMatchObject({
      rpmLimit: null,
      models: ['a'],
      expiresAt: new Date('2026-01-01T01:00:00.000Z'),
    });
  });

  it('are none when everything is as it was', () => {
    const key = keyWith({ metadata: { team: 'x' } });
    expect(applySettings(key, { metadata: { team: 'x' }, blocked: false, duration: null }, now)).toEqual([]);
  });

  it('take an expiry away with null', () => {
    const key = keyWith({ expiresAt: now });
    expect(applySettings(key, { duration: null }, now)).toEqual(['expiresAt']);
    expect(key.expiresAt).toBeNull();
  });

  it('are audited without the values of metadata', () => {
    const key = keyWith({ metadata: { note: 'private' }, blocked: true });
    expect(auditedChanges(key, ['metadata', 'blocked'])).toEqual({
      metadata: { names: ['note'] },
      blocked: true,
    });
  });
});

describe('durations', () => {
  it.each(['3651d', '9999999w', '1mo', '-1', ''])('%p is refused', (text) => {
    expect(() => expiryOf(text, now)).toThrow(AppError);
  });

  it('of an overlap: none, or up to 30 days', () => {
    expect(parseOverlapMs('0s')).toBe(0);
    expect(parseOverlapMs('30d')).toBe(30 * 86_400_000);
    expect(() => parseOverlapMs('31d')).toThrow(AppError);
  });
});
