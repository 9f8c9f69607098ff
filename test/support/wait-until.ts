import { setTimeout as delay } from 'node:timers/promises';

const pollEveryMs = 50;

export interface WaitOptions {
  deadlineMs: number;
  /** What is waited for, in words: it stands in the error if it never comes. */
  what: string;
  pollEveryMs?: number;
}

/**
 * The only waiting that tests do: until the condition holds (is neither false nor null nor undefined), or until the
 * deadline, and then with the last failure in the message.
 */
export async function waitUntil<Result>(
  condition: () => Promise<Result | false | null | undefined> | Result | false | null | undefined,
  options: WaitOptions,
): Promise<Result> {
  const endMs = performance.now() + options.deadlineMs;
  let last = 'the condition never held';
  for (;;) {
    try {
      const result = await condition();
      if (result !== false && result !== null && result !== undefined) return result;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() > endMs) {
      throw new Error(`waited ${options.deadlineMs} ms for ${options.what}; ${last}`);
    }
    await delay(options.pollEveryMs ?? pollEveryMs);
  }
}
