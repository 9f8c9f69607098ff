import { AppError } from '@signalbox/common';
import type { ServiceTokenEntity } from '@signalbox/database';
import type { KnownToken } from './service-token.repository';

/** The order matters: a revoked token says so even when it has expired since. */
export function checkServiceToken(known: KnownToken | null, now: Date): ServiceTokenEntity {
  if (!known) throw new AppError('token_unknown', 'Use a token of this installation, or make a new one.');
  const { token, organizationDeleted } = known;
  if (token.revokedAt || organizationDeleted) {
    throw new AppError('token_revoked', 'Make a new service token and use that.');
  }
  if (token.expiresAt && token.expiresAt <= now) {
    throw new AppError('token_expired', 'Make a new service token and use that.');
  }
  return token;
}
