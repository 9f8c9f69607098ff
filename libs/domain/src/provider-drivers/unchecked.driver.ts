import type { ProviderDriver } from './provider-driver';

/** For kinds without a route that tells a good key from a bad one: any of LiteLLM's, the demo, kinds of a newer version. */
export function uncheckedDriver(kind: string): ProviderDriver {
  return {
    kind,
    probe: () =>
      Promise.resolve({
        outcome: 'unknown',
        httpStatus: null,
        code: null,
        detail: 'Keys of this kind of provider cannot be checked without a call that costs tokens.',
        retryAfterMs: null,
        expiresAt: null,
        certainty: 'none',
      }),
    keys: null,
  };
}
