import { attemptLimit, type Day, type DayRequest } from './day';
import type { Run, Served, Strategy } from './strategy';
import { TimedQueue } from './timed-queue';

/**
 * A strategy through the whole day. Nothing is known before it has happened: requests overlap, and what came of an attempt is told
 * when its time is over.
 */
export function runDay(day: Day, strategy: Strategy): Served[] {
  const served: Served[] = [];
  const queue = new TimedQueue();
  for (const request of day.requests)
    queue.add(request.atMs, () =>
      new RequestRun(day, request, strategy.begin(request), queue, served).step(request.atMs),
    );
  queue.run();
  return served;
}

class RequestRun {
  private attempts = 0;
  private readonly triesAt = new Map<number, number>();

  constructor(
    private readonly day: Day,
    private readonly request: DayRequest,
    private readonly run: Run,
    private readonly queue: TimedQueue,
    private readonly served: Served[],
  ) {}

  step(nowMs: number): void {
    const chosen = this.attempts < attemptLimit ? this.run.next(nowMs) : null;
    if (!chosen) return this.end(null, nowMs);
    const { deployment, ended } = chosen;
    const triedBefore = this.triesAt.get(deployment) ?? 0;
    this.triesAt.set(deployment, triedBefore + 1);
    this.attempts += 1;
    const outcome = this.day.outcomeOf(this.request.index, deployment, triedBefore);
    const tookMs = 'failure' in outcome ? outcome.afterMs : outcome.firstByteMs;
    this.queue.add(nowMs + tookMs, (atMs) => {
      ended(outcome, atMs);
      if ('failure' in outcome) this.step(atMs);
      else this.end(deployment, atMs);
    });
  }

  private end(deployment: number | null, nowMs: number): void {
    const { index, atMs } = this.request;
    this.served[index] = { deployment, totalMs: nowMs - atMs, attempts: this.attempts };
  }
}
