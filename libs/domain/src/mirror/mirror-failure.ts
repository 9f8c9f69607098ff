import { LitellmError } from '@signalbox/litellm-client';

/**
 * What may be shown of a failed attempt to mirror. LitellmError holds no secret.
 * @returns null when LiteLLM did not answer: nothing is wrong with the key, and it stays pending
 */
export function failureReason(error: unknown): string | null {
  if (!(error instanceof LitellmError))
    return 'Mirroring failed on our side; the log of the worker says why.';
  return error.kind === 'unreachable' ? null : error.message;
}
