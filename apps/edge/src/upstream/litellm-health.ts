import type { Clock, Logger } from '@signalbox/common';
import type { EdgeMetrics } from '../metrics/edge-metrics';
import { OpenThings } from '../open-things';
import type { ProbeResult } from './litellm-health.probe';
import { type ActiveLitellm, identityOf } from './runner-state';

/** An answer that is not older than this is proof enough. */
const quietMs = 1_000;
const probeLimitMs = 1_000;
/** A limit that comes so much late says that this process gets no processor time. */
const lateMs = 500;
/** Each a probe without an answer, and no other answer meanwhile: a busy LiteLLM answers something in that time. */
const silencesToOpen = 3;
/**
 * One probe more for so many bytes of calls that are not answered yet. LiteLLM 1.103.1 stands still while it reads a body: 18 of
 * 10 MB at the same time kept it from answering a probe for 2.9 and 4.5 s (run, on two busy cores).
 */
const bytesPerSilence = 20_000_000;
/**
 * A LiteLLM that has just been started is slow at its first calls, and works on all that it has at the same time: fifty at once
 * would all be answered late. So it gets few, one more with each good answer, and the others go around it meanwhile.
 */
const warmUp = { calls: 2, limitMs: 4_000 };
const pauseMs = { whileUp: 500, inDoubt: 0, whileDown: 250 };
/** Of whoever waits for the verdict on a connection that has just failed. */
const checkLimitMs = 250;

export interface LitellmView {
  readonly state: 'up' | 'down';
  readonly sinceMs: number;
  /** Why it is down; null while it is up. */
  readonly reason: string | null;
}

export interface LitellmHealthDependencies {
  probe: (active: ActiveLitellm, limitMs: number) => Promise<ProbeResult>;
  /** Asks the runner which LiteLLM is active now; the answer comes by `follow`. */
  askRunner: () => Promise<void>;
  clock: Clock;
  metrics: EdgeMetrics;
  logger: Logger;
}

interface Listener {
  readonly identity: string;
  readonly listener: () => void;
  readonly stop: () => void;
}

interface Watched {
  readonly active: ActiveLitellm;
  readonly identity: string;
  aliveAtMs: number;
  silences: number;
}

/**
 * The breaker on LiteLLM itself. It opens when the runner says that there is none, at once when connections are refused, and
 * when LiteLLM hangs (three probes of a second without any answer; more while it has large bodies to read). It closes when the
 * runner names another process, or when a probe is answered. No request is used as a probe: LiteLLM can be asked whether it
 * lives without costing anybody anything.
 */
export class LitellmHealth {
  private watched: Watched | null = null;
  private trouble: string | null = 'the runner has not named a LiteLLM yet';
  private sinceMs: number;
  /** When it last went down or up, or another process took over. */
  private changedAtMs: number;
  /** Since it came back from an outage, for a while. */
  private warming: { allowed: number; untilMs: number } | null = null;
  private callsUnderWay = 0;
  private hasServed = false;
  private checking: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;
  private isLooking = false;
  private unansweredBytes = 0;
  private isClosed = false;
  private readonly listeners = new OpenThings<Listener>();

  constructor(private readonly dependencies: LitellmHealthDependencies) {
    this.sinceMs = dependencies.clock.nowMs();
    this.changedAtMs = this.sinceMs;
  }

  start(): void {
    this.scheduleLook();
  }

  close(): void {
    this.isClosed = true;
    if (this.timer) clearTimeout(this.timer);
  }

  isDown(): boolean {
    return this.trouble !== null;
  }

  view(): LitellmView {
    const { trouble, sinceMs } = this;
    return { state: trouble === null ? 'up' : 'down', sinceMs, reason: trouble };
  }

  /** The runner has named another LiteLLM: nothing is known against it. Or it says that there is none. */
  follow(active: ActiveLitellm | null): void {
    if (!active) {
      const left = this.watched;
      this.watched = null;
      this.open('no LiteLLM is active');
      // The runner says so when the process has ended: who waits for it waits for nothing.
      return left ? this.tell(left.identity) : undefined;
    }
    const identity = identityOf(active);
    if (this.watched?.identity === identity) return;
    const nowMs = this.dependencies.clock.nowMs();
    this.watched = { active, identity, aliveAtMs: nowMs, silences: 0 };
    this.changedAtMs = nowMs;
    this.closeBreaker();
  }

  /** LiteLLM has sent something. What a dead one left in the pipes does not make it live: only a probe closes the breaker. */
  noteSignOfLife(identity: string): void {
    const { watched } = this;
    if (this.trouble !== null || watched?.identity !== identity) return;
    watched.aliveAtMs = this.dependencies.clock.nowMs();
    watched.silences = 0;
  }

  noteCallBegun(): void {
    this.callsUnderWay += 1;
  }

  /** The beginning of an answer counts as its end here: what follows costs LiteLLM little. */
  noteCallEnded(isGood: boolean): void {
    this.callsUnderWay -= 1;
    if (!isGood) return;
    this.hasServed = true;
    if (this.warming) this.warming.allowed += 1;
  }

  /** Whether a call had better go another way, where there is one: LiteLLM is just back, and has as much to do as it can bear. */
  takesDetour(): boolean {
    const { warming } = this;
    if (!warming) return false;
    if (this.dependencies.clock.nowMs() < warming.untilMs) return this.callsUnderWay >= warming.allowed;
    this.warming = null;
    return false;
  }

  /** A call of this size is on its way to it. @returns to be called once, when the call is over */
  noteSent(bytes: number): () => void {
    this.unansweredBytes += bytes;
    return () => {
      this.unansweredBytes -= bytes;
    };
  }

  /** @returns how to stop listening; the listener is called once, when the LiteLLM of this identity goes down */
  onDown(identity: string, listener: () => void): () => void {
    let isHeld = true;
    const stop = (): void => {
      if (isHeld) this.listeners.remove(place);
      isHeld = false;
    };
    const place = this.listeners.add({ identity, listener, stop });
    return stop;
  }

  /** A verdict is being found: it takes milliseconds, and a switch to another LiteLLM may be part of it. */
  pendingCheck(): Promise<void> | null {
    return this.checking;
  }

  /**
   * A connection has failed: does LiteLLM live, and is it still the active one? Both are asked at once, and whoever comes
   * meanwhile shares the answer.
   */
  check(): Promise<void> {
    this.checking ??= this.checkNow().finally(() => {
      this.checking = null;
    });
    return this.checking;
  }

  /** Whether one and the same LiteLLM has been up all the time since, and still is: it is asked. */
  async hasServedSince(sinceMs: number): Promise<boolean> {
    await this.check();
    return !this.isDown() && this.changedAtMs < sinceMs;
  }

  /** What the timer does. */
  async look(): Promise<void> {
    const { watched } = this;
    if (!watched) return;
    const startedAtMs = this.dependencies.clock.nowMs();
    // The distance and not the age: a clock that was set back must not keep it from being asked.
    if (this.trouble === null && Math.abs(startedAtMs - watched.aliveAtMs) < quietMs) return;
    const result = await this.dependencies.probe(watched.active, probeLimitMs);
    if (result === 'refused' && this.trouble === null) return this.check();
    if (this.watched === watched) this.judge(watched, result, startedAtMs);
  }

  private async checkNow(): Promise<void> {
    const { probe, askRunner } = this.dependencies;
    const { watched } = this;
    const asked = within(askRunner(), checkLimitMs);
    if (!watched) return asked;
    const result = await probe(watched.active, checkLimitMs);
    await asked;
    // Too short a time to hold silence against it; and perhaps the runner has named another one.
    if (result !== 'silent' && this.watched === watched) this.judge(watched, result, 0);
  }

  private judge(watched: Watched, result: ProbeResult, startedAtMs: number): void {
    if (result === 'alive') {
      watched.aliveAtMs = this.dependencies.clock.nowMs();
      watched.silences = 0;
      return this.closeBreaker();
    }
    if (this.trouble !== null) return;
    if (result === 'refused') return this.openFor(watched, 'it takes no connections');
    // Something else was answered meanwhile: it lives, and has much to do.
    if (watched.aliveAtMs >= startedAtMs) return;
    // It may have been answered, and not been heard yet.
    if (this.dependencies.clock.nowMs() - startedAtMs > probeLimitMs + lateMs) return;
    watched.silences += 1;
    if (watched.silences >= silencesToOpen + Math.floor(this.unansweredBytes / bytesPerSilence))
      this.openFor(watched, `it did not answer ${watched.silences} times in a row`);
  }

  private openFor({ identity }: Watched, reason: string): void {
    this.open(reason);
    this.tell(identity);
  }

  private open(reason: string): void {
    const wasUp = this.trouble === null;
    this.trouble = reason;
    if (!wasUp) return;
    this.sinceMs = this.changedAtMs = this.dependencies.clock.nowMs();
    this.dependencies.logger.warn('LiteLLM is down', { reason });
    this.dependencies.metrics.litellmUp(false);
    this.scheduleLook();
  }

  private closeBreaker(): void {
    if (this.trouble === null) return;
    const nowMs = this.dependencies.clock.nowMs();
    this.dependencies.logger.info('LiteLLM is up', { down_ms: nowMs - this.sinceMs });
    this.trouble = null;
    this.sinceMs = this.changedAtMs = nowMs;
    if (this.hasServed) this.warming = { allowed: warmUp.calls, untilMs: nowMs + warmUp.limitMs };
    this.dependencies.metrics.litellmUp(true);
  }

  private tell(identity: string): void {
    this.listeners.forEach((one) => {
      if (one.identity !== identity) return;
      one.stop();
      one.listener();
    });
  }

  private scheduleLook(): void {
    if (this.isClosed || this.isLooking) return;
    if (this.timer) clearTimeout(this.timer);
    const whileUp = this.watched && this.watched.silences > 0 ? pauseMs.inDoubt : pauseMs.whileUp;
    const afterMs = this.trouble === null ? whileUp : pauseMs.whileDown;
    this.timer = setTimeout(() => void this.lookAndSchedule(), afterMs).unref();
  }

  private async lookAndSchedule(): Promise<void> {
    this.isLooking = true;
    await this.look();
    this.isLooking = false;
    this.scheduleLook();
  }
}

/** A runner that hangs must not hold up a request. */
async function within(work: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
