export { ServiceTokenAuthenticator } from './service-token.authenticator';
export {
  type ServiceTokenFilter,
  type ServiceTokenStatus,
  serviceTokenStatuses,
} from './service-token.repository';
export {
  type CreateServiceToken,
  ServiceTokenService,
  type ServiceTokenWithValue,
} from './service-token.service';
export { ServiceTokensModule } from './service-tokens.module';
