import type { ReplayProgress } from '@signalbox/domain/replay';

const everyMs = 1_000;

/** How far a replay is, about once a second. */
export class ReplayMeter {
  private readonly startedAtMs = performance.now();
  private shownAtMs = this.startedAtMs;
  private last: ReplayProgress | null = null;

  constructor(private readonly write: (text: string) => void) {}

  show(progress: ReplayProgress): void {
    this.last = progress;
    if (performance.now() - this.shownAtMs < everyMs) return;
    this.shownAtMs = performance.now();
    this.write(`${this.line(progress)}\n`);
  }

  /** The last line says how long it took. */
  end(): void {
    if (this.last) this.write(`${this.line(this.last)}, ${this.seconds().toFixed(1)} s\n`);
  }

  private line({ done, total }: ReplayProgress): string {
    const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
    const perSecond = Math.round(done / Math.max(this.seconds(), 0.001));
    return `${done} of ${total} requests (${percent} %), ${perSecond} a second`;
  }

  private seconds(): number {
    return (performance.now() - this.startedAtMs) / 1_000;
  }
}
