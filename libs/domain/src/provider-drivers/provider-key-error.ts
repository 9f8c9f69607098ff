/**
 * refused: the provider understood and says no; asking again changes nothing. rate_limited, unavailable: later, perhaps.
 * bad_answer: something else than the provider's API answered.
 */
export type ProviderKeyFailure = 'refused' | 'rate_limited' | 'unavailable' | 'bad_answer';

/** What key management throws. The message is for people and holds no key and no URL. */
export class ProviderKeyError extends Error {
  constructor(
    readonly reason: ProviderKeyFailure,
    message: string,
    readonly httpStatus: number | null = null,
    readonly retryAfterMs: number | null = null,
  ) {
    super(message);
    this.name = 'ProviderKeyError';
  }
}
