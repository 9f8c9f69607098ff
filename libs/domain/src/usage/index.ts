export type { UsageEventFilter } from './usage-event.repository';
export { UsageEventService } from './usage-event.service';
export { UsageIntakeService } from './usage-intake.service';
export { UsageIntakeModule, UsageModule } from './usage.module';
