import type { UsageEvent } from '@signalbox/gateway';

/** Step 7. Never throws and never waits: what cannot be delivered now is spooled on disk. */
export interface UsageRecorder {
  record(event: UsageEvent): void;
}
