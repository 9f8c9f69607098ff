export { type CheckedCredential, CredentialCheckService } from './credential-check.service';
export { CredentialChecksModule } from './credential-checks.module';
export { CredentialExpiryService } from './credential-expiry.service';
export { type KeyTest, KeyTestService } from './key-test.service';
export { bySchedule, type KindTarget, ProviderProber } from './provider-prober.service';
