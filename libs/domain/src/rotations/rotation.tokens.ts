import type { ProviderDriver } from '@signalbox/domain/provider-drivers';

/** A function from a provider's kind to its driver: ProviderDrivers. */
export const PROVIDER_DRIVERS = Symbol('ProviderDrivers');
export type ProviderDrivers = (kind: string) => ProviderDriver;

/** A RotationTiming. */
export const ROTATION_TIMING = Symbol('RotationTiming');

export interface RotationTiming {
  /** Between the two looks at a new key. */
  readonly pauseBetweenProbesMs: number;
  /** For how long after a switch LiteLLM's hook may hold the old key. */
  readonly hookCacheMs: number;
}
