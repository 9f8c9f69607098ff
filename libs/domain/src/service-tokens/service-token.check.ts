import { AppError } from '@signalbox/common';
import type { KnownToken } from './service-token.repository';

/** The order matters: a revoked token says so even when it has expired since. */
export function checkServiceToken(token: KnownToken | null, now: Date): KnownToken {
  if (!token) throw new AppError('token_unknown', 'Use a token of this installation, or make a new one.');
  if (token.revokedAt || token.organizationDeleted) {
    throw new AppError('token_revoked', 'Make a new service token and use that.');
  }
  if (token.expiresAt && token.expiresAt <= now) {
    throw new AppError('token_expired', 'Make a new service token and use that.');
  }
  return token;
}
