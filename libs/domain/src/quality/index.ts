export { QualityLookup, qualityLookup } from './quality-lookup';
export { QualityModule } from './quality.module';
export { familyOf, type QualityFamily, qualityOfFigure, qualityTable } from './quality-table';
export type { QualityFound, QualityOf, QualityProposal, QualitySource } from './quality.types';
