import { setTimeout as delay } from 'node:timers/promises';
import type { ChatClient, ChatOutcome } from './chat-client';

export interface FailoverAnswer {
  startedAtMs: number;
  endedAtMs: number;
  isStreamed: boolean;
  status: number;
  problem: string | null;
  code: string | null;
  route: string | null;
  /** Why it did not go the usual way; null: it did. */
  fallback: string | null;
  headers: ChatOutcome['headers'];
}

export interface FailoverTrafficOptions {
  chats: readonly ChatClient[];
  keys: readonly string[];
  model: string;
  clients: number;
  /** What each answer says; null: anything complete. */
  expected?: string | null;
  timeoutMs?: number;
}

/** A client that is refused does not come back at once. */
const pauseAfterFailureMs = 20;

/** Clients that send one chat after another, half of them streamed, and remember how each of them was answered. Nothing is retried. */
export class FailoverTraffic {
  readonly answers: FailoverAnswer[] = [];
  readonly #clients: Promise<void>[];
  #isStopped = false;

  constructor(private readonly options: FailoverTrafficOptions) {
    this.#clients = Array.from({ length: options.clients }, (_, index) => this.#run(index));
  }

  async stop(): Promise<FailoverAnswer[]> {
    this.#isStopped = true;
    await Promise.all(this.#clients);
    return this.answers;
  }

  async #run(index: number): Promise<void> {
    const { chats, keys } = this.options;
    const chat = chats[index % chats.length]!;
    const key = keys[index % keys.length]!;
    for (let turn = index; !this.#isStopped; turn += 1) await this.#send(chat, key, turn % 2 === 1);
  }

  async #send(chat: ChatClient, key: string, isStreamed: boolean): Promise<void> {
    const { model, timeoutMs, expected } = this.options;
    const startedAtMs = performance.now();
    const outcome = await chat.send({
      key,
      model,
      isStreamed,
      ...(expected === undefined ? {} : { expected }),
      ...(timeoutMs ? { timeoutMs } : {}),
    });
    const { status, problem, code, headers } = outcome;
    const tag = (name: string): string | null => headers[`x-signalbox-${name}`] ?? null;
    const what = { route: tag('route'), fallback: tag('fallback') };
    this.answers.push({
      startedAtMs,
      endedAtMs: performance.now(),
      isStreamed,
      status,
      problem,
      code,
      headers,
      ...what,
    });
    if (problem !== null) await delay(pauseAfterFailureMs);
  }
}

export function succeeded(answers: readonly FailoverAnswer[]): FailoverAnswer[] {
  return answers.filter(({ problem }) => problem === null);
}

/** Failures that a client cannot be asked to bear: nothing of an answer had reached it. A status of 200 came with the first byte. */
export function failedBeforeFirstByte(answers: readonly FailoverAnswer[]): FailoverAnswer[] {
  return answers.filter(({ problem, status }) => problem !== null && status !== 200);
}

/** The longest time in which no answer was completed, and when it began. */
export function longestSilence(answers: readonly FailoverAnswer[]): { ms: number; fromMs: number } {
  const ends = succeeded(answers)
    .map(({ endedAtMs }) => endedAtMs)
    .sort((left, right) => left - right);
  let longest = { ms: 0, fromMs: 0 };
  for (const [index, fromMs] of ends.entries()) {
    const ms = (ends[index + 1] ?? fromMs) - fromMs;
    if (ms > longest.ms) longest = { ms, fromMs };
  }
  return longest;
}

export function countBy<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[nameOf(item)] = (counts[nameOf(item)] ?? 0) + 1;
  return counts;
}
