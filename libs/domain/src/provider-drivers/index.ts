export { driverOf } from './driver-registry';
export * from './provider-driver';
export { ProviderKeyError, type ProviderKeyFailure } from './provider-key-error';
export { askLiveness, livenessUrl, type LivenessTarget } from './liveness';
