export { parseFernetKey } from './fernet/fernet';
export { type FernetImport, ImportFernetService } from './fernet/import-fernet.service';
export { parseImportFile } from './fernet/import-file';
export { MaintenanceModule } from './maintenance.module';
export {
  MaintenanceRunner,
  resumableKinds,
  type ResumableKind,
  type ResumeOutcome,
} from './maintenance-runner';
export { MaintenanceService } from './maintenance.service';
export * from './maintenance.types';
export { SecretSweepService, type SweptSecrets } from './sweep/secret-sweep.service';
