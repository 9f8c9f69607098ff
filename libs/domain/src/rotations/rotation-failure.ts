import type { CredentialVersionEntity } from '@signalbox/database';
import { AppError } from '@signalbox/common';
import { ProviderKeyError } from '@signalbox/domain/provider-drivers';
import { SecretStoreError } from '@signalbox/secrets';
import type { CredentialSubject } from './credential-subject';
import { leftAtProvider } from './rotation-journal';
import type { Move, RotationWarning } from './rotation-move';

/** With the backoff, about half an hour. */
export const giveUpAfterAttempts = 12;

/** The answer will be the same however often it is asked for. */
export function isHopeless(error: unknown): boolean {
  if (error instanceof ProviderKeyError) return error.reason === 'refused';
  return error instanceof SecretStoreError && ['not_found', 'unreadable'].includes(error.reason);
}

/** What is known of a failure of a step, free of secrets. */
export function describeFailure(error: unknown): Extract<Move, { kind: 'retry' }> {
  if (error instanceof ProviderKeyError) {
    return {
      kind: 'retry',
      code: `provider_${error.reason}`,
      detail: error.message,
      retryAfterMs: error.retryAfterMs,
    };
  }
  if (error instanceof SecretStoreError) {
    return {
      kind: 'retry',
      code: `secret_store_${error.reason}`,
      detail: error.message,
      retryAfterMs: error.retryAfterMs,
    };
  }
  if (error instanceof AppError) {
    const retryAfterMs = error.retryAfterSeconds === undefined ? null : error.retryAfterSeconds * 1_000;
    return { kind: 'retry', code: error.code, detail: error.message, retryAfterMs };
  }
  return {
    kind: 'retry',
    code: 'internal_error',
    detail: 'Something went wrong on our side; the log of the worker says what.',
    retryAfterMs: null,
  };
}

export function warningOf(
  { credential }: CredentialSubject,
  version: CredentialVersionEntity | null,
  reason: string,
): RotationWarning {
  const which = version ? `The key that ends with ${version.last4}` : 'A key';
  const where = credential.provider ? ` at ${credential.provider.name}` : '';
  return {
    code: leftAtProvider,
    detail: `${which} is still good${where}: ${reason}. Delete it there by hand.`,
  };
}
