/** Takes the amount if it fits under the cap now. */
type Reserve = () => Promise<boolean>;

/**
 * The calls of one worker that are under way. What does not fit under the cap may fit when one of them has cost less than was reserved
 * for it; only when nothing is under way, the cap is reached.
 */
export class Reservations {
  private openCount = 0;
  private settledCount = 0;
  private wake: (() => void) | null = null;
  private turn: Promise<unknown> = Promise.resolve();

  /** One at a time, in the order in which they came: nobody small goes ahead of whoever waits. @returns false: the cap is reached */
  take(reserve: Reserve, isOver: () => boolean): Promise<boolean> {
    const taken = this.turn.then(() => this.tryUntilSettled(reserve, isOver));
    this.turn = taken.catch(() => undefined);
    return taken;
  }

  /** A call has ended, and what it really cost is written down. */
  settled(): void {
    this.openCount -= 1;
    this.settledCount += 1;
    this.wake?.();
    this.wake = null;
  }

  private async tryUntilSettled(reserve: Reserve, isOver: () => boolean): Promise<boolean> {
    for (;;) {
      if (isOver()) return false;
      const settledBefore = this.settledCount;
      if (await reserve()) {
        this.openCount += 1;
        return true;
      }
      // One that ended while PostgreSQL was asked may have made room just after it looked.
      if (this.settledCount !== settledBefore) continue;
      if (this.openCount === 0) return false;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
