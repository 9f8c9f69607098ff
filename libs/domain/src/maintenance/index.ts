export { MaintenanceModule } from './maintenance.module';
export {
  MaintenanceRunner,
  resumableKinds,
  type ResumableKind,
  type ResumeOutcome,
} from './maintenance-runner';
export { MaintenanceService } from './maintenance.service';
export * from './maintenance.types';
