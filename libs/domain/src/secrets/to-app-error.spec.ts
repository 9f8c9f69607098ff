import { SecretStoreError } from '@signalbox/secrets';
import { asAppError, toAppError } from './to-app-error';

describe('an error of a secret store', () => {
  it.each([
    ['unavailable', 'secret_store_unavailable', 503],
    ['denied', 'secret_store_refused', 503],
    ['not_found', 'credential_not_readable', 409],
    ['unreadable', 'credential_not_readable', 409],
    ['invalid_value', 'credential_key_invalid', 400],
  ] as const)('%s is answered with %s', (reason, code, status) => {
    expect(toAppError(new SecretStoreError(reason, 'It is so.'))).toMatchObject({ code, status });
  });

  it('says when to try again', () => {
    expect(toAppError(new SecretStoreError('unavailable', '', 1_200)).retryAfterSeconds).toBe(2);
    expect(toAppError(new SecretStoreError('unavailable', '')).retryAfterSeconds).toBe(5);
  });

  it('leaves other errors alone', () => {
    const error = new Error('a defect');
    expect(asAppError(error)).toBe(error);
  });
});
