import { setTimeout as delay } from 'node:timers/promises';

/** Asks `probe` until it answers something truthy. Returns undefined when the deadline has passed. */
export async function pollUntil(probe, { timeoutMs, intervalMs = 100, signal }) {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await probe();
    if (answer) return answer;
    if (performance.now() >= deadline) return undefined;
    await delay(intervalMs, undefined, { signal });
  }
}

/** Runs all at once. When one fails, the others are told to stop and awaited, so that nothing goes on behind the error. */
export async function runTogether(abort, works) {
  let firstError;
  const settled = works.map(async (work) => {
    try {
      return await work;
    } catch (error) {
      firstError ??= error;
      abort.abort();
      throw error;
    }
  });
  const results = await Promise.allSettled(settled);
  if (firstError) throw firstError;
  return results.map((result) => result.value);
}
