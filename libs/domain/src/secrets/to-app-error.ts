import { AppError } from '@signalbox/common';
import { SecretStoreError } from '@signalbox/secrets';

const defaultRetryMs = 5_000;

/** What a caller of the API is told when a secret store fails. */
export function toAppError(error: SecretStoreError): AppError {
  const retryAfterSeconds = Math.max(1, Math.ceil((error.retryAfterMs ?? defaultRetryMs) / 1_000));
  switch (error.reason) {
    case 'unavailable':
      return new AppError('secret_store_unavailable', `${error.message} Nothing was lost: try again later.`, {
        cause: error,
        retryAfterSeconds,
      });
    case 'denied':
      return new AppError(
        'secret_store_refused',
        `${error.message} An operator has to look at it; GET /api/v1/status shows the store.`,
        { cause: error },
      );
    case 'not_found':
    case 'unreadable':
      return new AppError('credential_not_readable', `${error.message} Save the key anew.`, { cause: error });
    case 'invalid_value':
      return new AppError('credential_key_invalid', error.message, {
        fields: [{ field: 'api_key', message: 'is not a value that can be kept' }],
      });
  }
}

/** Errors of a secret store become answers; others stay what they are. */
export function asAppError(error: unknown): unknown {
  return error instanceof SecretStoreError ? toAppError(error) : error;
}
