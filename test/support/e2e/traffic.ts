import { setTimeout as delay } from 'node:timers/promises';
import type { ChatClient, ChatOutcome } from './chat-client';

export interface TrafficOptions {
  chat: ChatClient;
  key: string;
  model: string;
  clients: number;
}

export interface TrafficReport {
  plainCount: number;
  streamedCount: number;
  /** Each answer that did not come, or did not come complete. */
  failures: (Pick<ChatOutcome, 'status' | 'problem' | 'headers'> & { isStreamed: boolean; atMs: number })[];
  ms: number[];
  /** From the first failure to the last one. */
  interruptedMs: number;
}

/** A client that is refused does not come back at once. */
const pauseAfterFailureMs = 50;

/** Clients that send one chat after another, plain and streamed in turn, until they are stopped. Nothing is retried. */
export class Traffic {
  readonly #report: TrafficReport = {
    plainCount: 0,
    streamedCount: 0,
    failures: [],
    ms: [],
    interruptedMs: 0,
  };
  readonly #clients: Promise<void>[];
  #isStopped = false;

  constructor(private readonly options: TrafficOptions) {
    this.#clients = Array.from({ length: options.clients }, (_, index) => this.#run(index % 2 === 0));
  }

  get answeredCount(): number {
    return this.#report.plainCount + this.#report.streamedCount;
  }

  get failureCount(): number {
    return this.#report.failures.length;
  }

  /** What is under way is answered first. */
  async stop(): Promise<TrafficReport> {
    this.#isStopped = true;
    await Promise.all(this.#clients);
    const times = this.#report.failures.map(({ atMs }) => atMs);
    this.#report.interruptedMs = times.length > 0 ? Math.max(...times) - Math.min(...times) : 0;
    return this.#report;
  }

  async #run(beginsStreamed: boolean): Promise<void> {
    for (let isStreamed = beginsStreamed; !this.#isStopped; isStreamed = !isStreamed) {
      await this.#sendOne(isStreamed);
    }
  }

  async #sendOne(isStreamed: boolean): Promise<void> {
    const { chat, key, model } = this.options;
    const { problem, status, headers, ms } = await chat.send({ key, model, isStreamed });
    if (problem !== null) {
      this.#report.failures.push({ status, problem, headers, isStreamed, atMs: Date.now() });
      await delay(pauseAfterFailureMs);
      return;
    }
    this.#report.ms.push(ms);
    if (isStreamed) this.#report.streamedCount += 1;
    else this.#report.plainCount += 1;
  }
}
