export { CatalogueSyncModule, CatalogueSyncServiceModule } from './sync/catalogue-sync.module';
export { CatalogueSyncRunner } from './sync/catalogue-sync.runner';
export { CatalogueSyncService } from './sync/catalogue-sync.service';
