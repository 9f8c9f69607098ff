import type { Clock, Logger } from '@signalbox/common';
import {
  type CallOutcome,
  type CallSums,
  type DeploymentPerformance,
  fadedTo,
  type FirstToken,
  mergePerformance,
  noCalls,
  performanceKey,
  type PromptUsage,
  readPerformance,
  withCall,
  withCut,
  withFirstToken,
  withPrompt,
  writePerformance,
} from '@signalbox/gateway';
import type { Redis } from 'ioredis';

const exchangeEveryMs = 2_000;
/** A hash that no edge writes any more goes by itself. */
const keptForMs = 3_600_000;
/** Bounded, for a catalogue may change for months. */
const deploymentsLimit = 10_000;

export interface PerformanceExchangeOptions {
  redis: Redis;
  prefix: string;
  edgeId: string;
  clock: Clock;
  logger: Logger;
}

export type PerformanceView = ReadonlyMap<string, DeploymentPerformance>;

/** What attempts tell. */
export interface PerformanceNotes {
  note(deploymentId: string, outcome: CallOutcome): void;
  /** Of a call that was noted without this time. */
  noteFirstToken(deploymentId: string, token: FirstToken): void;
  /** Of a call that was noted as good: its answer broke off. */
  noteCut(deploymentId: string): void;
  /** Of a call that was noted, when its answer has ended. */
  notePrompt(deploymentId: string, usage: PromptUsage): void;
}

/**
 * How each deployment has been lately: what this process has seen, and what the others say. It is a hint, so nothing here throws,
 * and while Redis is away each edge goes by what it has seen and last heard.
 */
export class PerformanceExchange implements PerformanceNotes {
  private readonly own = new Map<string, CallSums>();
  private hasNews = false;
  /** What the others said last. It fades by itself, also while nobody is heard. */
  private others: readonly ReadonlyMap<string, CallSums>[] = [];
  private merged: PerformanceView = new Map();
  private timer: NodeJS.Timeout | null = null;
  private isExchanging = false;

  constructor(private readonly options: PerformanceExchangeOptions) {}

  start(): void {
    this.timer = setInterval(() => void this.exchange(), exchangeEveryMs).unref();
    const { redis } = this.options;
    if (redis.status === 'ready') void this.exchange();
    else redis.once('ready', () => void this.exchange());
  }

  close(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  note(deploymentId: string, outcome: CallOutcome): void {
    this.change(deploymentId, (sums, nowMs) => withCall(sums, outcome, nowMs));
  }

  noteFirstToken(deploymentId: string, token: FirstToken): void {
    this.change(deploymentId, (sums, nowMs) => withFirstToken(sums, token, nowMs));
  }

  noteCut(deploymentId: string): void {
    this.change(deploymentId, withCut);
  }

  notePrompt(deploymentId: string, usage: PromptUsage): void {
    this.change(deploymentId, (sums, nowMs) => withPrompt(sums, usage, nowMs));
  }

  private change(deploymentId: string, changed: (sums: CallSums, nowMs: number) => CallSums): void {
    const known = this.own.get(deploymentId);
    if (!known && this.own.size >= deploymentsLimit) return;
    this.own.set(deploymentId, changed(known ?? noCalls, this.options.clock.nowMs()));
    this.hasNews = true;
  }

  /** As of the last exchange; the same object until the next one. */
  view(): PerformanceView {
    return this.merged;
  }

  /** Tells the others what is new, and hears them. One at a time, and never rejects. */
  async exchange(): Promise<void> {
    if (this.isExchanging) return;
    this.isExchanging = true;
    try {
      await this.tell();
      await this.hear();
    } catch (error) {
      this.options.logger.debug('the exchange of performance failed', { error });
    } finally {
      this.isExchanging = false;
      this.merge();
    }
  }

  private async tell(): Promise<void> {
    if (!this.hasNews) return;
    const { redis, prefix, edgeId, clock } = this.options;
    this.hasNews = false;
    const key = performanceKey(prefix);
    const pipeline = redis.pipeline().hset(key, edgeId, writePerformance(this.own, clock.nowMs()));
    const results = await pipeline.pexpire(key, keptForMs).exec();
    const failed = results?.find(([error]) => error !== null);
    if (!failed) return;
    this.hasNews = true;
    throw failed[0]!;
  }

  private async hear(): Promise<void> {
    const { redis, prefix, edgeId, clock } = this.options;
    const key = performanceKey(prefix);
    const nowMs = clock.nowMs();
    const others: ReadonlyMap<string, CallSums>[] = [];
    const gone: string[] = [];
    for (const [field, text] of Object.entries(await redis.hgetall(key))) {
      if (field === edgeId) continue;
      const told = readPerformance(text, nowMs);
      if (told.size > 0) others.push(told);
      else gone.push(field);
    }
    this.others = others;
    // An edge that lives writes its field again with its next call.
    if (gone.length > 0) await redis.hdel(key, ...gone);
  }

  private merge(): void {
    const nowMs = this.options.clock.nowMs();
    const merged = mergePerformance([this.own, ...this.others], nowMs);
    for (const [id, sums] of this.own) {
      if (merged.get(id)?.weight === 0) this.own.delete(id);
      // The clock was set back: from now on they fade by what it says now.
      else if (sums.atMs > nowMs) this.own.set(id, fadedTo(sums, nowMs));
    }
    if (merged.size > 0 || this.merged.size > 0) this.merged = merged;
  }
}
