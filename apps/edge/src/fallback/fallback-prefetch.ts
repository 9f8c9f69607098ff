import type { Clock, Logger } from '@signalbox/common';
import type { FallbackCredentials, WantedKey } from './fallback-credentials';
import type { Caller } from '../keys/key-directory';

export interface FallbackPrefetchDependencies {
  credentials: FallbackCredentials;
  /** The keys that any call of this caller could need; null: it cannot be said just now. */
  keysOf: (caller: Caller) => readonly Omit<WantedKey, 'keyHash'>[] | null;
  clock: Clock;
  logger: Logger;
  /** From 0 to 1. */
  random: () => number;
}

interface Wanted extends WantedKey {
  notedAtMs: number;
}

const tickEveryMs = 500;
/** A caller's keys change rarely, and calls are many. */
const lookAgainAfterMs = 15_000;
/** Who has called within this time will call again. */
const wantedForMs = 86_400_000;
const wantedLimit = 5_000;
const callersLimit = 20_000;
const awayPauseMs = { least: 1_000, most: 5_000 };
const complainEveryMs = 60_000;

/** The first of a map is the one that was put in longest ago. */
function put<Value>(map: Map<string, Value>, name: string, value: Value, limit: number): void {
  map.delete(name);
  const oldest = map.keys().next();
  if (map.size >= limit && !oldest.done) map.delete(oldest.value);
  map.set(name, value);
}

/**
 * Fetches the provider keys of those who call, before they are needed: LiteLLM and the API may go down together. In batches, and
 * never in the way of a request.
 */
export class FallbackPrefetch {
  private readonly lookedAtMs = new Map<string, number>();
  private readonly wanted = new Map<string, Wanted>();
  private timer: NodeJS.Timeout | null = null;
  private isFetching = false;
  private notBeforeMs = 0;
  private complainedAtMs = -Infinity;

  constructor(private readonly dependencies: FallbackPrefetchDependencies) {}

  start(): void {
    // Edges that were started together do not ask together.
    const everyMs = tickEveryMs * (0.75 + this.dependencies.random() / 2);
    this.timer = setInterval(() => void this.tick(), everyMs);
    this.timer.unref();
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
  }

  note(caller: Caller): void {
    const nowMs = this.dependencies.clock.nowMs();
    const lastMs = this.lookedAtMs.get(caller.keyHash);
    if (lastMs !== undefined && nowMs - lastMs < lookAgainAfterMs && nowMs >= lastMs) return;
    const keys = this.dependencies.keysOf(caller);
    if (!keys) return;
    put(this.lookedAtMs, caller.keyHash, nowMs, callersLimit);
    const { keyHash } = caller;
    for (const key of keys)
      put(this.wanted, key.credentialId, { ...key, keyHash, notedAtMs: nowMs }, wantedLimit);
  }

  /** Fetches what is due. */
  async tick(): Promise<void> {
    const { credentials, clock } = this.dependencies;
    credentials.sweep();
    if (this.isFetching || clock.nowMs() < this.notBeforeMs) return;
    const due = this.due();
    if (due.length === 0) return;
    this.isFetching = true;
    try {
      const answers = await credentials.fetch(due);
      due.forEach(({ credentialId }, index) => {
        // By whose right it was asked may be over; the next caller brings another one.
        if (answers[index] === 'refused') this.wanted.delete(credentialId);
      });
      const missing = answers.filter((answer) => answer === 'away').length;
      if (missing > 0) this.pause(missing);
    } finally {
      this.isFetching = false;
    }
  }

  private due(): Wanted[] {
    const { credentials, clock } = this.dependencies;
    const sinceMs = clock.nowMs() - wantedForMs;
    const due: Wanted[] = [];
    for (const [credentialId, one] of this.wanted) {
      if (one.notedAtMs < sinceMs || !credentials.isListed(one)) this.wanted.delete(credentialId);
      else if (credentials.isDue(one)) due.push(one);
    }
    return due;
  }

  private pause(count: number): void {
    const { clock, logger, random } = this.dependencies;
    const nowMs = clock.nowMs();
    const { least, most } = awayPauseMs;
    this.notBeforeMs = nowMs + least + (most - least) * random();
    if (nowMs - this.complainedAtMs < complainEveryMs) return;
    this.complainedAtMs = nowMs;
    const meaning = 'should LiteLLM go down now, calls that need one of these keys cannot go around it';
    logger.warn('provider keys could not be fetched from the broker', { keys: count, meaning });
  }
}
