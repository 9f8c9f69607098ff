import { InfisicalFailure } from './infisical-failure';

/** So many calls at once, so many waiting; more are refused. */
export class CallSlots {
  private taken = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly maxTaken: number,
    private readonly maxWaiting: number,
  ) {}

  /** @returns gives the slot back */
  async take(signal: AbortSignal): Promise<() => void> {
    if (this.taken < this.maxTaken) this.taken += 1;
    else await this.wait(signal);
    return () => this.giveBack();
  }

  private giveBack(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.taken -= 1;
  }

  private async wait(signal: AbortSignal): Promise<void> {
    if (this.waiting.length >= this.maxWaiting || signal.aborted) throw new InfisicalFailure('unavailable');
    await new Promise<void>((resolve, reject) => {
      const giveUp = (): void => {
        this.waiting.splice(this.waiting.indexOf(turn), 1);
        reject(new InfisicalFailure('unavailable'));
      };
      const turn = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      this.waiting.push(turn);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }
}
