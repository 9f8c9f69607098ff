import { AppError } from '@signalbox/common';
import { CredentialEntity } from '@signalbox/database';
import fc from 'fast-check';
import {
  applySettings,
  auditedSettings,
  checkKey,
  checkKeyStandsNowhereElse,
  checkUserId,
} from './credential-input';

function errorOf(work: () => void): AppError | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

describe('a provider key', () => {
  it.each(['sk-proj-0123456789', 'EMPTY', 'a', 'x'.repeat(4_096), 'with$dollar{and}braces'])(
    'may be %s',
    (key) => {
      expect(errorOf(() => checkKey(key))).toBeNull();
    },
  );

  it.each([
    '',
    ' sk-1',
    'sk-1\n',
    'sk-1\r\nsk-2',
    'sk 1',
    '${OPENAI_API_KEY}',
    'sk-é',
    'sk-\u200b1',
    'x'.repeat(4_097),
  ])('must not be %j', (key) => {
    expect(errorOf(() => checkKey(key))?.code).toBe('credential_key_invalid');
  });

  it('is never repeated in the refusal', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12 }), (key) => {
        const error = errorOf(() => checkKey(`${key} ${key}`));
        expect(JSON.stringify([error?.message, error?.fields])).not.toContain(key);
      }),
    );
  });

  it('must not stand in a field that is shown', () => {
    const apiKey = 'sk-proj-0123456789';
    const base = { provider: 'openai', apiKey };
    expect(
      errorOf(() => checkKeyStandsNowhereElse({ ...base, name: 'mine', metadata: { a: 1 } })),
    ).toBeNull();
    const refused = errorOf(() =>
      checkKeyStandsNowhereElse({ ...base, metadata: { note: `key ${apiKey}` } }),
    );
    expect(refused?.code).toBe('validation_failed');
    expect(refused?.message).not.toContain(apiKey);
  });
});

it.each(['', 'a b', 'a/b', 'ü', 'x'.repeat(129), '*'])('%j is no name of a member', (userId) => {
  expect(errorOf(() => checkUserId(userId))?.fields?.[0]?.field).toBe('user_id');
});

describe('settings', () => {
  const now = new Date('2026-11-21T08:00:00Z');
  const row = (): CredentialEntity =>
    Object.assign(new CredentialEntity(), {
      name: null,
      baseUrl: null,
      expiresAt: null,
      expiryNotifiedAt: now,
      metadata: {},
      rotation: {},
      rotateEveryDays: null,
      nextRotationAt: null,
      rotationRemindedAt: now,
    });

  it('change what is given and different, and nothing else', () => {
    const credential = row();
    expect(applySettings(credential, { name: null, metadata: {}, baseUrl: undefined }, now)).toEqual([]);
    expect(credential).toEqual(row());
  });

  it('start reminders anew with a new end and a new rhythm', () => {
    const credential = row();
    const expiresAt = new Date('2027-01-01T00:00:00Z');
    expect(applySettings(credential, { expiresAt, rotateEveryDays: 90 }, now)).toEqual([
      'expiresAt',
      'rotateEveryDays',
    ]);
    expect(credential).toMatchObject({
      expiresAt,
      expiryNotifiedAt: null,
      rotationRemindedAt: null,
      nextRotationAt: new Date('2027-02-19T08:00:00Z'),
    });
    applySettings(credential, { rotateEveryDays: null }, now);
    expect(credential.nextRotationAt).toBeNull();
  });

  it('are told to the audit trail, free JSON by its names only', () => {
    const credential = row();
    const changed = applySettings(credential, { name: 'new', metadata: { note: 'private' } }, now);
    expect(auditedSettings(credential, changed)).toEqual({ name: 'new', metadata: { names: ['note'] } });
  });
});
