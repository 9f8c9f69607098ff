export { CredentialAnnouncer } from './credential-announcer';
export { checkKey, nextRotationAt } from './credential-input';
export { CheckedSettings } from './credential-checked-settings';
export { CredentialsModule } from './credential.module';
export { type CredentialOwner, ownerKeyOf } from './credential-owner';
export { CredentialRemoval, type RemovedCredentials } from './credential-removal';
export { CredentialReplacementService } from './credential-replacement.service';
export { CredentialRevealService } from './credential-reveal.service';
export { CredentialService } from './credential.service';
export { CredentialSecrets } from './credential-secrets';
export { newCredential } from './credential-factory';
export { awaitCheck, enterState, switchOff } from './credential-state';
export type * from './credential.types';
export { CredentialVersions, type StoredVersion, type VersionedCredential } from './credential-versions';
export { makeCurrent } from './current-version';
export {
  EnvironmentCredentialService,
  type EnvironmentKey,
  type EnvironmentSync,
} from './environment-credential.service';
export { fingerprintOf } from './fingerprint';
export { maskedKey } from './mask-secret';
export { MemberCredentialService, type SaveMemberKey } from './member-credential.service';
export { manualSecretName } from './secret-address';
