export { type CheckedCredential, CredentialCheckService, type KindTarget } from './credential-check.service';
export { CredentialChecksModule } from './credential-checks.module';
