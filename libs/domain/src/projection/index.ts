export { endOfValue, plainDecimal } from './build-documents';
export { ProjectionModule } from './projection.module';
export { ProjectionRebuildService } from './projection-rebuild.service';
export { type ProjectionDifferences, ProjectionReconcileService } from './projection-reconcile.service';
export {
  isProjectionTopic,
  ProjectionService,
  type ProjectionTopic,
  projectionTopics,
} from './projection.service';
