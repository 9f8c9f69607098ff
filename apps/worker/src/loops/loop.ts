import type { Logger } from '@signalbox/common';

export interface LoopOptions {
  name: string;
  everyMs: number;
  /** One round; it should end soon after the signal. */
  run(signal: AbortSignal): Promise<unknown>;
  logger: Logger;
}

/**
 * Runs one round after the other, never two at once, with a pause between them that `wake` cuts short. A round that fails
 * is logged (once, until one succeeds) and simply comes again: loops are how this process heals.
 */
export class Loop {
  private readonly abort = new AbortController();
  private running: Promise<void> | null = null;
  private endPause: (() => void) | null = null;
  private isWoken = false;
  private isFailing = false;

  constructor(private readonly options: LoopOptions) {}

  start(): void {
    this.running ??= this.runForever();
  }

  /** The next round comes at once, or right after the one that runs. */
  wake(): void {
    this.isWoken = true;
    this.endPause?.();
  }

  async stop(): Promise<void> {
    this.abort.abort();
    this.endPause?.();
    await this.running;
  }

  private async runForever(): Promise<void> {
    while (!this.abort.signal.aborted) {
      this.isWoken = false;
      await this.round();
      await this.pause();
    }
  }

  private async round(): Promise<void> {
    const { name, run, logger } = this.options;
    try {
      await run(this.abort.signal);
      if (this.isFailing) logger.info('a loop works again', { loop: name });
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) logger.warn('a loop failed and goes on trying', { loop: name, error });
      this.isFailing = true;
    }
  }

  private pause(): Promise<void> {
    if (this.isWoken || this.abort.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.options.everyMs);
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
