import { openSync, readSync } from 'node:fs';

const nsPerUs = 1_000;

/**
 * How long this thread has stood ready and waited for a processor, as Linux counts it (the second figure of schedstat): what other
 * programs of the machine add to a time that was measured.
 *
 * @returns null where there is no such file
 */
export function openProcessorWait(): (() => number) | null {
  let file: number;
  try {
    file = openSync('/proc/thread-self/schedstat', 'r');
  } catch {
    return null;
  }
  const buffer = Buffer.alloc(128);
  return () => {
    const length = readSync(file, buffer, 0, buffer.length, 0);
    return Number(buffer.toString('latin1', 0, length).split(' ')[1]) / nsPerUs;
  };
}
