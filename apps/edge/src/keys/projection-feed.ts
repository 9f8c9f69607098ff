import type { Clock, Logger } from '@signalbox/common';
import { parseProjectionChange, readProjectionDocument } from '@signalbox/gateway';
import type { Redis } from 'ioredis';
import type { LastContact } from './last-contact';
import type { ProjectionMeta, ProjectionReader } from './projection-reader';
import type { ProjectionEntry, ProjectionStore } from './projection-store';
import { type SequencePosition, SequenceTracker } from './sequence-tracker';

export interface ProjectionFeedOptions {
  /** A lost message is noticed within this time; with the grace and the re-read it must stay below one second. */
  pollIntervalMs: number;
  /** A message may still be on its way when the poll sees its number. */
  messageGraceMs: number;
  reloadRetryMs: number;
}

const defaultFeedOptions: ProjectionFeedOptions = {
  pollIntervalMs: 400,
  messageGraceMs: 50,
  reloadRetryMs: 200,
};

export interface ProjectionFeedDependencies {
  store: ProjectionStore;
  reader: ProjectionReader;
  subscriber: Redis;
  contact: LastContact;
  clock: Clock;
  logger: Logger;
  /** A document of a key is in force, or can no longer be read (null). */
  onKeyChanged: (keyHash: string, version: number | null) => void;
  /** After each look at Redis: whether it answered. */
  onPolled: (isUp: boolean) => void;
}

export interface ProjectionHealth {
  /** Everything has been read once, from Redis or from a snapshot. */
  isLoaded: boolean;
  /** When what is in memory was written to disk, while it is not from Redis. */
  snapshotOfMs: number | null;
  isComplete: boolean;
  redisDownSinceMs: number | null;
  epoch: string | null;
  seq: number;
}

/** Redis came back from an old snapshot: what is in memory is newer than what Redis holds. */
function wentBack(known: SequencePosition, meta: ProjectionMeta): boolean {
  return meta.epoch === known.epoch && meta.seq < known.seq;
}

/**
 * Keeps the store equal to the projection in Redis: reads everything at start, then lives on messages. Whenever a message
 * may have been lost (a gap in the numbers, a new epoch, a new subscription) it reads everything again.
 */
export class ProjectionFeed {
  private readonly tracker = new SequenceTracker();
  private readonly timers = new Set<NodeJS.Timeout>();
  private isClosed = false;
  private isLoaded = false;
  private snapshotOfMs: number | null = null;
  private isComplete = false;
  private redisDownSinceMs: number | null = null;
  /** A change was missed and no message came since: perhaps the subscription is dead without anybody having noticed. */
  private isSubscriptionSuspect = false;
  private isReloadWanted = false;
  /** How often the writer said that Redis is right, even where versions go down (a backup was restored), and was obeyed. */
  private orderedReloads = 0;
  private obeyedReloads = 0;
  private reloading: Promise<void> | null = null;
  /** What arrived during a re-read; null outside of one. */
  private changesDuringReload: ProjectionEntry[] | null = null;

  private readonly store: ProjectionStore;
  private readonly reader: ProjectionReader;
  private readonly subscriber: Redis;
  private readonly logger: Logger;
  private readonly loadedListeners = new Set<() => void>();

  constructor(
    private readonly dependencies: ProjectionFeedDependencies,
    private readonly options: ProjectionFeedOptions = defaultFeedOptions,
  ) {
    ({
      store: this.store,
      reader: this.reader,
      subscriber: this.subscriber,
      logger: this.logger,
    } = dependencies);
  }

  /** Returns at once: until everything is read, keys are looked up in Redis one by one. */
  start(): void {
    this.subscriber.on('message', (channel: string, text: string) => {
      // Others listen to their own channels on the same connection.
      if (channel === this.reader.channel) this.onMessage(text);
    });
    this.subscriber.on('ready', () => void this.subscribe());
    if (this.subscriber.status === 'ready') void this.subscribe();
    this.requestReload('start');
    this.schedule(() => this.poll(), this.options.pollIntervalMs);
  }

  close(): void {
    this.isClosed = true;
    for (const timer of this.timers) clearTimeout(timer);
  }

  health(): ProjectionHealth {
    const { isLoaded, snapshotOfMs, isComplete, redisDownSinceMs } = this;
    return { isLoaded, snapshotOfMs, isComplete, redisDownSinceMs, ...this.tracker.position };
  }

  /** Resolves as soon as everything was read from Redis, or after the given time. @returns whether it was */
  async waitUntilLoaded(forMs: number): Promise<boolean> {
    if (this.isLoaded || forMs <= 0) return this.isLoaded;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.loadedListeners.delete(settle);
        resolve();
      };
      const timer = setTimeout(settle, forMs);
      this.loadedListeners.add(settle);
    });
    return this.isLoaded;
  }

  /** The store was filled from a snapshot. It counts as known until Redis answers, and its versions are not to be undone. */
  startFromSnapshot({ epoch, seq }: SequencePosition, writtenAtMs: number): void {
    if (epoch !== null) this.tracker.restart(epoch, seq);
    this.isLoaded = true;
    this.snapshotOfMs = writtenAtMs;
  }

  /** What was published while there was no subscription is lost: subscribe first, then read. */
  private async subscribe(): Promise<void> {
    try {
      await this.subscriber.subscribe(this.reader.channel);
      this.requestReload('subscribed');
    } catch (error) {
      this.logger.warn('subscribing to the projection failed', { error });
      // The next connection subscribes again.
      this.subscriber.disconnect(true);
    }
  }

  private onMessage(text: string): void {
    this.isSubscriptionSuspect = false;
    const change = parseProjectionChange(text);
    if (!change) {
      this.logger.error('a change of the projection is unreadable; reading everything again');
      return this.requestReload('unreadable message');
    }
    if (change.kind === 'reload') {
      this.orderedReloads += 1;
      return this.requestReload('ordered');
    }
    const { field, epoch, seq } = change;
    const entry = { field, document: readProjectionDocument(field.kind, change.document) };
    this.store.apply(entry);
    this.changesDuringReload?.push(entry);
    if (field.kind === 'key') this.tellKeyChanged(field.id);
    this.tracker.note(epoch, seq);
    if (!this.tracker.hasSeen(epoch, seq)) this.checkAfterGrace(epoch, seq);
  }

  /** The version that is in force: a late message does not bring an older one back. */
  private tellKeyChanged(keyHash: string): void {
    this.dependencies.onKeyChanged(keyHash, this.store.get('key', keyHash)?.v ?? null);
  }

  private checkAfterGrace(epoch: string, seq: number): void {
    this.schedule(() => {
      if (!this.tracker.hasSeen(epoch, seq)) this.onMissedChange();
    }, this.options.messageGraceMs);
  }

  private onMissedChange(): void {
    if (this.isSubscriptionSuspect) this.subscriber.disconnect(true);
    this.isSubscriptionSuspect = true;
    this.requestReload('missed a change');
  }

  private async poll(): Promise<void> {
    // Taken before the question: messages may overtake the answer.
    const known = this.tracker.position;
    const askedAtMs = this.dependencies.clock.nowMs();
    try {
      const meta = await this.reader.readMeta();
      this.noteAnswer(meta, askedAtMs);
      if (meta.epoch === null) this.isComplete = false;
      else if (wentBack(known, meta)) this.requestReload('Redis went back in time');
      else if (!this.tracker.hasSeen(meta.epoch, meta.seq)) this.checkAfterGrace(meta.epoch, meta.seq);
    } catch {
      this.noteRedisDown();
    }
    this.schedule(() => this.poll(), this.options.pollIntervalMs);
  }

  /** Only an answer by which nothing was missed counts as contact: a dead subscription must not look alive. */
  private noteAnswer(meta: ProjectionMeta, askedAtMs: number): void {
    this.redisDownSinceMs = null;
    const isCurrent =
      this.snapshotOfMs === null && meta.epoch !== null && this.tracker.hasSeen(meta.epoch, meta.seq);
    if (isCurrent) this.dependencies.contact.note(askedAtMs);
    this.dependencies.onPolled(true);
  }

  private noteRedisDown(): void {
    this.dependencies.onPolled(false);
    if (this.redisDownSinceMs !== null) return;
    this.redisDownSinceMs = this.dependencies.clock.nowMs();
    this.logger.warn('Redis does not answer; keys in memory go on being served');
  }

  private requestReload(reason: string): void {
    this.isReloadWanted = true;
    if (this.isClosed || this.reloading) return;
    this.logger.debug('reading the whole projection', { reason });
    this.reloading = this.reloadUntilDone().finally(() => {
      this.reloading = null;
      // Asked for in the very moment in which the last one ended.
      if (this.isReloadWanted && !this.isClosed) this.requestReload(reason);
    });
  }

  private async reloadUntilDone(): Promise<void> {
    while (this.isReloadWanted && !this.isClosed) {
      this.isReloadWanted = false;
      try {
        await this.reload();
      } catch (error) {
        this.noteRedisDown();
        this.logger.debug('reading the projection failed', { error });
        this.isReloadWanted = true;
        await this.pause(this.options.reloadRetryMs);
      } finally {
        this.changesDuringReload = null;
      }
    }
  }

  private async reload(): Promise<void> {
    const changes: ProjectionEntry[] = [];
    this.changesDuringReload = changes;
    const known = this.tracker.position;
    const ordered = this.orderedReloads;
    const askedAtMs = this.dependencies.clock.nowMs();
    const before = await this.reader.readMeta();
    if (before.epoch === null) {
      // Flushed. What is in memory was true a moment ago and goes on being served until the worker has rebuilt Redis.
      this.isComplete = false;
      return;
    }
    const entries = await this.reader.readAll();
    const after = await this.reader.readMeta();
    if (after.epoch !== before.epoch) {
      this.isReloadWanted = true;
      return;
    }
    const isTrusted = ordered > this.obeyedReloads || before.epoch !== known.epoch;
    // The first reading changes nothing that this edge has ever said.
    const changedKeys = this.isLoaded ? this.store.changedKeys(entries) : [];
    this.takeOver(entries, changes, isTrusted, wentBack(known, before));
    this.obeyedReloads = ordered;
    this.tracker.restart(before.epoch, before.seq);
    this.dependencies.contact.note(askedAtMs);
    this.noteLoaded(entries);
    for (const keyHash of changedKeys) this.tellKeyChanged(keyHash);
  }

  /** Redis that came back from an old snapshot knows less than we do: then only add to what we know. */
  private takeOver(
    entries: ProjectionEntry[],
    changes: ProjectionEntry[],
    isTrusted: boolean,
    isBack: boolean,
  ): void {
    const isBehind = !isTrusted && (isBack || this.store.isAheadOf(entries, changes));
    if (isBehind) {
      this.logger.warn('Redis is behind what this edge knows; keeping the newer documents');
      for (const entry of entries) this.store.apply(entry);
    } else {
      this.store.replaceAll(entries, changes);
    }
  }

  private noteLoaded(entries: readonly ProjectionEntry[]): void {
    this.isLoaded = true;
    this.snapshotOfMs = null;
    this.isComplete = true;
    this.redisDownSinceMs = null;
    for (const listener of this.loadedListeners) listener();
    const unreadable = entries.filter(({ document }) => document === null).map(({ field }) => field);
    if (unreadable.length > 0)
      this.logger.error('documents of the projection are unreadable', { unreadable });
    this.logger.info('projection read', { ...this.tracker.position, keys: this.store.size('key') });
  }

  private schedule(run: () => void | Promise<void>, afterMs: number): void {
    if (this.isClosed) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void run();
    }, afterMs);
    timer.unref();
    this.timers.add(timer);
  }

  private pause(forMs: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, forMs).unref());
  }
}
