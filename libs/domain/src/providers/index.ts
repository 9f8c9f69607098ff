export { checkBaseUrl } from './base-url';
export * from './provider-kinds';
export { type KnownProvider, ProviderLookup } from './provider-lookup.service';
export { ProvidersModule } from './provider.module';
export type { ProviderFilter } from './provider.repository';
export { ProviderService, type CreateProvider, type UpdateProvider } from './provider.service';
