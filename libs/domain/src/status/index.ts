export type { RunnerReport } from './runner-probe';
export { StatusModule } from './status.module';
export { StatusService } from './status.service';
export type { SecretStoreReport } from './secret-store-probe';
export type { CredentialCounts, MirrorCounts } from './status.repository';
export type { PlatformStatus, Status } from './status.types';
