import type { Clock, Logger } from '@signalbox/common';
import {
  type BreakerNews,
  breakerRules,
  breakersKey,
  readBreakerNews,
  writeBreakerNews,
} from '@signalbox/gateway';
import type { Redis } from 'ioredis';

/** A call waits for nobody: when Redis takes longer, each edge decides for itself. */
const leaseAnswerLimitMs = 50;
/** Of a lease that nobody has used yet: an edge without traffic must not keep the others from probing. */
export const unusedLeaseMs = 2_000;
const keptForMs = 3_600_000;

/** Only the one who holds the lease may end it. */
const releaseScript = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/** A field may have been written anew since it was read. */
const sweepScript = `for i = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end`;

export interface BreakerBoardOptions {
  commands: Redis;
  subscriber: Redis;
  prefix: string;
  edgeId: string;
  clock: Clock;
  logger: Logger;
}

/**
 * What the edges tell each other of their breakers: a hash of those that are open, messages, and leases for probes. All of it is
 * a hint (docs/adr/0014): nothing here throws, and without Redis it does nothing.
 */
export class BreakerBoard {
  private readonly hash: string;
  private readonly channel: string;
  private isClosed = false;

  constructor(private readonly options: BreakerBoardOptions) {
    this.hash = breakersKey(options.prefix);
    this.channel = `${this.hash}:changes`;
  }

  /** `onConnected`: after each connection, once all that is open has been told: now others may be told in turn. */
  start(onNews: (news: BreakerNews) => void, onConnected: () => void): void {
    const { commands, subscriber } = this.options;
    subscriber.on('message', (channel: string, text: string) => {
      if (channel !== this.channel || this.isClosed) return;
      const told = this.parse(text);
      if (told && !told.isOwn) onNews(told.news);
    });
    const connect = (): void => void this.connect(onNews, onConnected);
    // Both connections are needed, and either may be the last to come back.
    for (const redis of [commands, subscriber]) redis.on('ready', connect);
    connect();
  }

  close(): void {
    this.isClosed = true;
  }

  tell(news: BreakerNews): void {
    const { commands, edgeId } = this.options;
    if (this.isClosed) return;
    const { name, hint } = news;
    const text = writeBreakerNews(news, edgeId);
    const pipeline = commands.pipeline();
    if (hint.state === 'open') pipeline.hset(this.hash, name, text).pexpire(this.hash, keptForMs);
    else pipeline.hdel(this.hash, name);
    this.ignoreFailure(pipeline.publish(this.channel, text).exec(), 'telling a breaker');
  }

  /** @returns whether this edge may probe; true too when Redis does not say so in time */
  async acquireLease(name: string): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<true>((resolve) => {
      timer = setTimeout(() => resolve(true), leaseAnswerLimitMs).unref();
    });
    const { commands, edgeId } = this.options;
    const asked = commands.set(this.leaseKey(name), edgeId, 'PX', unusedLeaseMs, 'NX').then(
      (answer) => answer === 'OK',
      () => true,
    );
    const isMine = await Promise.race([asked, limit]);
    clearTimeout(timer);
    return isMine;
  }

  /** The probe is on its way. */
  extendLease(name: string): void {
    const extended = this.options.commands.pexpire(this.leaseKey(name), breakerRules.probeLeaseMs);
    this.ignoreFailure(extended, 'keeping the lease of a probe');
  }

  releaseLease(name: string): void {
    const { commands, edgeId } = this.options;
    const released = commands.eval(releaseScript, 1, this.leaseKey(name), edgeId);
    this.ignoreFailure(released, 'releasing the lease of a probe');
  }

  private async connect(onNews: (news: BreakerNews) => void, onConnected: () => void): Promise<void> {
    const { commands, subscriber } = this.options;
    if (commands.status !== 'ready' || subscriber.status !== 'ready') return;
    try {
      // What is told between reading and subscribing would be lost: subscribe first.
      await subscriber.subscribe(this.channel);
      await this.readAll(onNews);
      if (!this.isClosed) onConnected();
    } catch (error) {
      // Breakers go on by themselves; the next connection reads again.
      this.options.logger.debug('reading the breakers failed', { error });
    }
  }

  private async readAll(onNews: (news: BreakerNews) => void): Promise<void> {
    const { commands, clock } = this.options;
    const old: string[] = [];
    for (const [name, text] of Object.entries(await commands.hgetall(this.hash))) {
      const told = this.parse(text);
      const isOld = !told || clock.nowMs() - told.news.atMs > keptForMs;
      if (isOld) old.push(name, text);
      else if (!told.isOwn) onNews(told.news);
    }
    if (old.length > 0) await commands.eval(sweepScript, 1, this.hash, ...old);
  }

  /** @returns null for what nobody can read */
  private parse(text: string): { isOwn: boolean; news: BreakerNews } | null {
    const read = readBreakerNews(text);
    return read && { isOwn: read.edgeId === this.options.edgeId, news: read.news };
  }

  private leaseKey(name: string): string {
    return `${this.hash}:probe:${name}`;
  }

  private ignoreFailure(work: Promise<unknown>, what: string): void {
    work.catch((error: unknown) => this.options.logger.debug(`${what} failed`, { error }));
  }
}
