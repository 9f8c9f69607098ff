import { createLogger } from '@signalbox/common';
import { Loop } from './loop';

const never = 1_000_000;

describe('a loop', () => {
  const lines: string[] = [];
  const logger = createLogger('info', {}, (line) => lines.push(line));
  beforeEach(() => lines.splice(0));

  /** Resolves with the number of each round as it begins. */
  function rounds(more: { fail?: (round: number) => boolean } = {}) {
    const waiting = new Map<number, () => void>();
    let count = 0;
    let running = 0;
    let most = 0;
    const run = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      count += 1;
      waiting.get(count)?.();
      await Promise.resolve();
      running -= 1;
      if (more.fail?.(count)) throw new Error(`round ${count}`);
    };
    const reached = (round: number): Promise<void> =>
      count >= round ? Promise.resolve() : new Promise((resolve) => waiting.set(round, resolve));
    return { run, reached, counted: () => count, most: () => most };
  }

  it('runs at once, and again when it is woken, but never two rounds at the same time', async () => {
    const work = rounds();
    const loop = new Loop({ name: 'test', everyMs: never, logger, run: work.run });
    loop.start();
    loop.start();
    await work.reached(1);
    loop.wake();
    loop.wake();
    await work.reached(2);
    await loop.stop();
    expect(work.counted()).toBe(2);
    expect(work.most()).toBe(1);
  });

  it('goes on after failures, telling of the first one and of the recovery', async () => {
    const work = rounds({ fail: (round) => round <= 3 });
    const loop = new Loop({ name: 'test', everyMs: 1, logger, run: work.run });
    loop.start();
    await work.reached(5);
    await loop.stop();
    expect(lines.map((line) => JSON.parse(line).message)).toEqual([
      'a loop failed and goes on trying',
      'a loop works again',
    ]);
  });

  it('waits for the round that runs when it is stopped, and begins no other', async () => {
    let isDone = false;
    let signalled: AbortSignal | null = null;
    const loop = new Loop({
      name: 'test',
      everyMs: 0,
      logger,
      run: (signal) =>
        new Promise((resolve) => {
          signalled = signal;
          signal.addEventListener('abort', () => {
            isDone = true;
            resolve(undefined);
          });
        }),
    });
    loop.start();
    await loop.stop();
    expect(isDone).toBe(true);
    expect((signalled as AbortSignal | null)?.aborted).toBe(true);
  });
});
