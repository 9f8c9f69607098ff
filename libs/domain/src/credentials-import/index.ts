export { CredentialImportService, type PullResult } from './credential-import.service';
export { CredentialsImportModule } from './credentials-import.module';
export { SecretHints } from './secret-hints';
