export { DriftCheckService } from './drift-check.service';
export type { DriftFinding, DriftRepair, DriftReport, DriftState } from './drift-report';
export { DriftCheckModule, DriftModule } from './drift.module';
export { type Drift, DriftService } from './drift.service';
