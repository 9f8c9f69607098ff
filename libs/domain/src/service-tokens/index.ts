export { ServiceTokenAuthenticator } from './service-token.authenticator';
export { ServiceTokensModule } from './service-tokens.module';
