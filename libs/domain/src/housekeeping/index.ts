export { HousekeepingModule } from './housekeeping.module';
export { type HousekeepingResult, HousekeepingService } from './housekeeping.service';
