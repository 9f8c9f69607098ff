export { replayAnswer } from './replay-answer';
export { yesterdayOf } from './replay-day';
export type { Difference } from './replay-policies';
export type { ReplayFigures } from './replay-report';
export type { ReplayRange } from './replay.repository';
export {
  type Replay,
  type ReplayBounds,
  type ReplayOptions,
  type ReplayProgress,
  type ReplayRequest,
  ReplayService,
  unbounded,
} from './replay.service';
export { ReplayModule } from './replay.module';
