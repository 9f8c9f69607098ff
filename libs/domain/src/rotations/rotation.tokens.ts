import type { ProviderDriver } from '@signalbox/domain/provider-drivers';

/** A function from a provider's kind to its driver: ProviderDrivers. */
export const PROVIDER_DRIVERS = Symbol('ProviderDrivers');
export type ProviderDrivers = (kind: string) => ProviderDriver;

/** A RotationTuning. */
export const ROTATION_TUNING = Symbol('RotationTuning');

export interface RotationTuning {
  /** Between the two looks at a new key. */
  readonly pauseBetweenProbesMs: number;
  /** For how long after a switch LiteLLM's hook may hold the old key. */
  readonly hookCacheMs: number;
  /** How many rotations one process works on at the same time: a slow provider must not hold up the others. */
  readonly lanes: number;
}
