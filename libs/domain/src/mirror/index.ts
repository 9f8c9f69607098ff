export { MirrorModule, type MirrorOptions } from './mirror.module';
export { MirrorReconcileService } from './mirror-reconcile.service';
export type { MirrorDifferences, MirrorReport } from './mirror-report';
export { MirrorReportModule, MirrorReportService } from './mirror-report.service';
export { MirrorService } from './mirror.service';
