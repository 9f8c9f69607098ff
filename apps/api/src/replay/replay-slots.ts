import { Injectable } from '@nestjs/common';
import { AppError } from '@signalbox/common';

/** A replay works for seconds, and other requests of this process wait while it does. */
const atOnce = 2;
const retryAfterSeconds = 20;

/** Who may replay just now: one of each owner, and few of all. */
@Injectable()
export class ReplaySlots {
  private readonly owners = new Set<string>();

  /** @param owner an organization, or the platform */
  async within<Result>(owner: string, work: () => Promise<Result>): Promise<Result> {
    if (this.owners.has(owner) || this.owners.size >= atOnce)
      throw new AppError(
        'replay_rate_limited',
        'Another replay is running. The command line (`npm run cli -- replay`) does not wait for it.',
        { retryAfterSeconds },
      );
    this.owners.add(owner);
    try {
      return await work();
    } finally {
      this.owners.delete(owner);
    }
  }
}
