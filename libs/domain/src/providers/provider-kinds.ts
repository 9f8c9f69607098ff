/** The matrix is data of libs/gateway, since the edge reads it too. */
export {
  isProviderKind,
  kindOfEnvironmentVariable,
  providerKind,
  type ProviderKindName,
  providerKindNames,
  providerMatrix as providerKinds,
} from '@signalbox/gateway';
