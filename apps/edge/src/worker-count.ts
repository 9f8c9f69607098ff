import { availableParallelism } from 'node:os';

/** What a worker needs under load, with 1,000 streams open. */
const bytesPerWorker = 160 * 1024 * 1024;

/** One per core, but no more than a container's memory bears; a number that was set is taken as it is. */
export function workerCount(
  wanted: number,
  cores = availableParallelism(),
  memoryBytes = memoryLimit(),
): number {
  if (wanted > 0) return wanted;
  return Math.max(1, Math.min(cores, Math.floor(memoryBytes / bytesPerWorker)));
}

/** Of the control group; 0 or a huge number: there is none. */
function memoryLimit(): number {
  return process.constrainedMemory() || Number.MAX_SAFE_INTEGER;
}
