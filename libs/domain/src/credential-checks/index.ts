export { type CheckedCredential, CredentialCheckService } from './credential-check.service';
export { CredentialChecksModule } from './credential-checks.module';
export { CredentialExpiryService } from './credential-expiry.service';
export { type KeyTest, KeyTestService } from './key-test.service';
export type { KindTarget } from './provider-prober.service';
