export type { StreamEntry } from './event-stream';
export { insertButBad, StreamIntake } from './stream-intake';
