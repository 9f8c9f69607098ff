export { CredentialAnnouncer } from './credential-announcer';
export { CredentialsModule } from './credential.module';
export { type CredentialOwner, ownerKeyOf } from './credential-owner';
export type { CredentialFilter } from './credential.repository';
export { CredentialService, type EnvironmentKey, type EnvironmentSync } from './credential.service';
export { CredentialVersions, type StoredVersion, type VersionedCredential } from './credential-versions';
export { makeCurrent } from './current-version';
export { fingerprintOf } from './fingerprint';
export { last4Of, maskedKey, prefixOf } from './mask-secret';
