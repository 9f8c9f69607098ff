import type { ProbeResult, ProviderDriver } from './provider-driver';

export function cannotBeChecked(detail: string): ProbeResult {
  return {
    outcome: 'unknown',
    httpStatus: null,
    code: null,
    detail,
    retryAfterMs: null,
    expiresAt: null,
    certainty: 'none',
  };
}

/** For kinds without a route that tells a good key from a bad one: any of LiteLLM's, the demo, kinds of a newer version. */
export function uncheckedDriver(kind: string): ProviderDriver {
  return {
    kind,
    hostOf: () => null,
    probe: () =>
      Promise.resolve(
        cannotBeChecked('Keys of this kind of provider cannot be checked without a call that costs tokens.'),
      ),
    keys: null,
  };
}
