export { QualityLookup, qualityLookup } from './quality-lookup';
export type { QualityFilter, QualityLine } from './quality-list';
export { QualityModule } from './quality.module';
export { QualityService } from './quality.service';
export { qualityTable } from './quality-table';
export type { QualityFound, QualityOf, QualityProposal, QualitySource } from './quality.types';
