import { Injectable } from '@nestjs/common';

/**
 * Wakes those who wait in this process for a change of the releases: the runner's long poll, and callers who wait for
 * the outcome. Only a short cut: each of them also looks into PostgreSQL every second, where other processes write.
 */
@Injectable()
export class ReleaseSignal {
  private waiting = new Set<() => void>();

  notify(): void {
    const woken = this.waiting;
    this.waiting = new Set();
    for (const wake of woken) wake();
  }

  /** Ends with the next change, or after `limitMs`. */
  async next(limitMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.max(0, limitMs));
      this.waiting.add(wake);
    });
  }
}
