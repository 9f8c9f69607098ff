export { driverOf } from './driver-registry';
export * from './provider-driver';
