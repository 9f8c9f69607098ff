import 'reflect-metadata';
import { AppError } from '@signalbox/common';
import { ServiceTokenEntity } from '@signalbox/database';
import { checkServiceToken } from './service-token.check';

const now = new Date('2026-11-21T08:00:00Z');

function codeOf(token: Partial<ServiceTokenEntity> | null, organizationDeleted = false): string {
  const entity =
    token && Object.assign(new ServiceTokenEntity(), { revokedAt: null, expiresAt: null, ...token });
  try {
    checkServiceToken(entity && { token: entity, organizationDeleted }, now);
    return 'accepted';
  } catch (error) {
    return error instanceof AppError ? error.code : 'crashed';
  }
}

describe('a service token', () => {
  it('is accepted until the very moment at which it expires', () => {
    expect(codeOf({})).toBe('accepted');
    expect(codeOf({ expiresAt: new Date(now.getTime() + 1) })).toBe('accepted');
    expect(codeOf({ expiresAt: now })).toBe('token_expired');
  });

  it('is refused when unknown, revoked, or of a deleted organization', () => {
    expect(codeOf(null)).toBe('token_unknown');
    expect(codeOf({ revokedAt: now })).toBe('token_revoked');
    expect(codeOf({ revokedAt: now, expiresAt: now })).toBe('token_revoked');
    expect(codeOf({}, true)).toBe('token_revoked');
  });
});
