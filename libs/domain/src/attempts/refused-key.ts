import { type AttemptRow, outOfCreditClass } from './attempt-event';

/** LiteLLM's names; it also uses the first for Gemini's 400 to a bad key. */
const refusals: ReadonlySet<string> = new Set([
  'AuthenticationError',
  'PermissionDeniedError',
  outOfCreditClass,
]);
const refusalStatuses: ReadonlySet<number> = new Set([401, 402, 403]);

type Failure = Pick<AttemptRow, 'status' | 'error_class' | 'status_code' | 'provider'>;

/**
 * Whether the provider refused the key, or its account: a reason to ask it at once, never to judge by the call alone. Rate
 * limits, faults of the provider and mistakes of the client are none.
 */
export function refusedKey({ status, error_class, status_code, provider }: Failure): boolean {
  if (status === 'success') return false;
  // Together answers 403 to a prompt that is too long, and Cohere 498 to a bad key.
  if (provider === 'together_ai' && status_code === 403) return false;
  if (status_code === 498) return provider?.startsWith('cohere') ?? false;
  return refusals.has(error_class ?? '') || refusalStatuses.has(status_code ?? 0);
}
