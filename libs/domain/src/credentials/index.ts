export { CredentialsModule } from './credential.module';
export type { CredentialFilter } from './credential.repository';
export { CredentialService, type EnvironmentKey, type EnvironmentSync } from './credential.service';
