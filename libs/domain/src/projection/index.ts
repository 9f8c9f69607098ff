export { catalogueOf, endOfValue } from './build-documents';
export { ProjectionModule } from './projection.module';
export { ProjectionRebuildService } from './projection-rebuild.service';
export { type ProjectionDifferences, ProjectionReconcileService } from './projection-reconcile.service';
export { ProjectionService, type ProjectionTopic } from './projection.service';
