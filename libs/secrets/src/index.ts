export * from './secret-store';
export * from './storable-secret';
export { InfisicalSecretStore, type InfisicalSecretStoreSetup } from './infisical/infisical-secret-store';
export type { InfisicalOptions } from './infisical/infisical-options';
export * from './sealed/envelope';
export * from './sealed/sealed-rows';
export * from './sealed/sealed-secret-store';
export {
  type InfisicalNotice,
  infisicalNoticeOf,
  type InfisicalSignatureCheck,
  verifyInfisicalSignature,
} from './infisical/infisical-webhook';
