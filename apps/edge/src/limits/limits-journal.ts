import { finestBucketMs } from '@signalbox/gateway';
import type { LimitedSubject } from './limited-subjects';

/** What happened at one moment, to be added to windows. */
export interface Correction {
  readonly subject: LimitedSubject;
  atMs: number;
  requests: number;
  tokens: number;
}

export interface JournalPage {
  readonly corrections: Correction[];
  readonly ended: ReadonlyMap<LimitedSubject, ReadonlySet<string>>;
  readonly running: ReadonlyMap<LimitedSubject, ReadonlySet<string>>;
}

/** In an outage of Redis. Beyond it slots of ended requests run out by themselves. */
const entriesLimit = 200_000;
/** Corrections in one call. */
export const journalPageLimit = 2_000;

type Ids = Map<LimitedSubject, Set<string>>;

/** @returns how many there are more */
function addId(all: Ids, subject: LimitedSubject, id: string): number {
  const ids = all.get(subject);
  if (!ids) all.set(subject, new Set([id]));
  else if (ids.has(id)) return 0;
  else ids.add(id);
  return 1;
}

/** What Redis does not know yet: real usage, ended requests, and what was admitted without it. */
export class LimitsJournal {
  private corrections = new Map<string, Correction>();
  private ended: Ids = new Map();
  private endedCount = 0;
  private running: Ids = new Map();
  private runningCount = 0;

  get size(): number {
    return this.corrections.size + this.endedCount + this.runningCount;
  }

  correct(subject: LimitedSubject, atMs: number, requests: number, tokens: number): void {
    const step = Math.floor(atMs / finestBucketMs);
    const name = `${step}:${subject.name}`;
    const found = this.corrections.get(name);
    if (found) {
      found.requests += requests;
      found.tokens += tokens;
    } else if (this.hasRoom()) {
      this.corrections.set(name, { subject, atMs: step * finestBucketMs, requests, tokens });
    } else this.correctLast(subject, atMs, requests, tokens);
  }

  /** Without room all goes into one entry of the subject, as if it happened at the end: it counts for longer, never shorter. */
  private correctLast(subject: LimitedSubject, atMs: number, requests: number, tokens: number): void {
    const last = this.corrections.get(subject.name) ?? { subject, atMs, requests: 0, tokens: 0 };
    last.atMs = Math.max(last.atMs, atMs);
    last.requests += Math.max(0, requests);
    last.tokens += Math.max(0, tokens);
    this.corrections.set(subject.name, last);
  }

  end(subject: LimitedSubject, id: string): void {
    if (this.hasRoom()) this.endedCount += addId(this.ended, subject, id);
  }

  run(subject: LimitedSubject, id: string): void {
    if (this.hasRoom()) this.runningCount += addId(this.running, subject, id);
  }

  /** Takes out what one call can carry; the rest waits for the next. */
  takePage(): JournalPage {
    const corrections: Correction[] = [];
    for (const [name, correction] of this.corrections) {
      if (corrections.length === journalPageLimit) break;
      this.corrections.delete(name);
      if (correction.requests !== 0 || correction.tokens !== 0) corrections.push(correction);
    }
    const page = { corrections, ended: this.ended, running: this.running };
    this.ended = new Map();
    this.running = new Map();
    this.endedCount = this.runningCount = 0;
    return page;
  }

  /** It never reached Redis. */
  putBack(page: JournalPage): void {
    for (const { subject, atMs, requests, tokens } of page.corrections)
      this.correct(subject, atMs, requests, tokens);
    this.putBackIds(page);
  }

  /**
   * Nobody knows whether it reached Redis. What takes room is told again, what gives room is not: a limit may become tighter by
   * that, never looser.
   * @returns to be called when it turns out that it had arrived
   */
  putBackUncertain(page: JournalPage): () => void {
    const again = page.corrections.filter(({ requests, tokens }) => requests > 0 || tokens > 0);
    const told = again.map(({ subject, atMs, requests, tokens }) => ({
      subject,
      atMs,
      requests: Math.max(0, requests),
      tokens: Math.max(0, tokens),
    }));
    for (const one of told) this.correct(one.subject, one.atMs, one.requests, one.tokens);
    this.putBackIds(page);
    return () => {
      for (const one of told) this.correct(one.subject, one.atMs, -one.requests, -one.tokens);
    };
  }

  /** Ends are told after the starts, so that whatever ended is gone. */
  private putBackIds(page: JournalPage): void {
    for (const [subject, ids] of page.running) for (const id of ids) this.run(subject, id);
    for (const [subject, ids] of page.ended) for (const id of ids) this.end(subject, id);
  }

  private hasRoom(): boolean {
    return this.size < entriesLimit;
  }
}
