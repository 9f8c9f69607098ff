import type { Logger } from '@signalbox/common';
import type { BenchmarkResultEntity, BenchmarkRunEntity, TenantTransactions } from '@signalbox/database';
import { formatNanoUsd } from '@signalbox/gateway';
import type { BenchmarkCallClient } from '../calls/benchmark-call.client';
import type { CallOutcome, KeyRefusedCall } from '../calls/call-outcome.types';
import type { BenchmarkPrices } from '../spending/benchmark-prices';
import { type ModelPrices, worstCaseNanoUsd } from '../spending/model-prices';
import { Reservations } from '../spending/reservations';
import { RunTaken, type SpendingRepository } from '../spending/spending.repository';
import type { BenchmarkSuite, BenchmarkTask } from '../suites/task.types';
import type { ResultKey } from './benchmark.types';
import { settlementOf } from './settlement';
import { Slots } from './slots';

export interface SessionParts {
  readonly transactions: TenantTransactions;
  readonly spending: SpendingRepository;
  readonly prices: BenchmarkPrices;
  readonly client: BenchmarkCallClient;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
}

export interface HeldRun {
  readonly run: BenchmarkRunEntity;
  /** Of this worker's turn. */
  readonly holder: string;
  readonly suite: BenchmarkSuite;
  /** The value of the run's virtual key. */
  readonly key: string;
}

/** stopped: the process ends. taken: cancelled, or another worker's. */
export type SessionEnd =
  | { readonly kind: 'stopped' | 'taken' }
  | {
      readonly kind: 'ended';
      readonly state: 'completed' | 'capped' | 'failed';
      readonly problem: string | null;
    };

/** One model is asked one thing at a time, so that its latency is its own. */
const modelsAtATime = 4;
const mostPostponements = 4;
/** How long an edge may take to hear of a new key. */
const keyPauseMs = 250;
const mostKeyRefusals = 40;
/** A model that does not answer is left alone, and the money for it too. */
const mostFailuresInARow = 5;
const pricesLastMs = 60_000;

/** One worker's turn on one run: asks what waits, within the cap, until nothing waits, the cap is reached, or the turn ends. */
export class RunSession {
  private readonly slots = new Slots(modelsAtATime);
  private readonly reservations = new Reservations();
  private readonly breakOff = new AbortController();
  private readonly signal: AbortSignal;
  private end: SessionEnd | null = null;
  private keyRefusals = 0;
  private prices = new Map<string, ModelPrices>();
  private pricesAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly parts: SessionParts,
    private readonly held: HeldRun,
    signal: AbortSignal,
  ) {
    this.signal = AbortSignal.any([signal, this.breakOff.signal]);
  }

  /** @throws what no task is to blame for, such as a database that is away; by then nothing is under way any more */
  async work(): Promise<SessionEnd> {
    const { transactions, spending } = this.parts;
    const waiting = await transactions.run('platform', (manager) =>
      spending.waiting(manager, this.held.run.id),
    );
    const models = [...new Set(waiting.map(({ model }) => model))];
    const lanes = models.map((model) => this.lane(waiting.filter((row) => row.model === model)));
    const failed = (await Promise.allSettled(lanes)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    if (this.end) return this.end;
    return this.signal.aborted ? { kind: 'stopped' } : { kind: 'ended', state: 'completed', problem: null };
  }

  /** All tasks of one model, one after the other. */
  private async lane(rows: readonly BenchmarkResultEntity[]): Promise<void> {
    let failuresInARow = 0;
    try {
      for (const row of rows) {
        const outcome = await this.ask(row);
        if (outcome === null) return;
        failuresInARow = outcome === 'failed' ? failuresInARow + 1 : 0;
        if (failuresInARow < mostFailuresInARow) continue;
        return await this.leave(row.model, `The model failed ${mostFailuresInARow} times in a row.`);
      }
    } catch (error) {
      if (error instanceof RunTaken) {
        this.end ??= { kind: 'taken' };
        return;
      }
      this.breakOff.abort();
      throw error;
    }
  }

  /** Until there is an answer or a failure. @returns null: nothing more is to be asked of this model now */
  private async ask(row: BenchmarkResultEntity): Promise<'done' | 'failed' | null> {
    const task = this.held.suite.tasks.find(({ id }) => id === row.task);
    if (!task) throw new Error(`suite ${this.held.suite.id} has no task ${row.task}`);
    for (let postponed = 0; ;) {
      const outcome = await this.slots.use(() => this.attempt(row, task, postponed >= mostPostponements));
      if (outcome === null) return null;
      if (outcome.kind === 'answered') return 'done';
      if (outcome.kind === 'failed') return this.signal.aborted ? null : 'failed';
      if (outcome.kind === 'postponed' && postponed >= mostPostponements) return 'failed';
      if (outcome.kind === 'postponed') postponed += 1;
      else if (!this.mayTryKeyAgain(outcome)) return null;
      await this.parts.pause(outcome.kind === 'postponed' ? outcome.retryAfterMs : keyPauseMs, this.signal);
    }
  }

  /** One call, with its worst case reserved before it and its cost written down after it. */
  private async attempt(
    row: BenchmarkResultEntity,
    task: BenchmarkTask,
    isLast: boolean,
  ): Promise<CallOutcome | null> {
    if (this.isOver()) return null;
    const { parts, held } = this;
    const prices = await this.pricesOf(row.model);
    if (prices === null) return null;
    const key: ResultKey = { model: row.model, task: row.task, sample: row.sample };
    if (!(await this.reserve(key, worstCaseNanoUsd(prices, task)))) return null;
    try {
      const outcome = await parts.client.call({ model: row.model, task, key: held.key, signal: this.signal });
      // A refused key says nothing of the task, however often that one was put off.
      const isPutOff = outcome.kind === 'key_refused' || !isLast;
      const isAskedAgain = outcome.kind === 'failed' ? this.signal.aborted : isPutOff;
      const settlement = settlementOf(outcome, task, prices, isAskedAgain);
      await this.inRun((manager) =>
        parts.spending.settle(manager, { id: held.run.id, holder: held.holder }, key, settlement),
      );
      return outcome;
    } finally {
      this.reservations.settled();
    }
  }

  /** @returns false: the cap is reached, or the turn is over */
  private async reserve(key: ResultKey, needNanoUsd: number): Promise<boolean> {
    const { run, holder } = this.held;
    const take = (): Promise<boolean> =>
      this.inRun((manager) => this.parts.spending.reserve(manager, { id: run.id, holder }, key, needNanoUsd));
    if (await this.reservations.take(take, () => this.isOver())) return true;
    // A turn that is over waits for no room: whether there would have been some is for the next one to find out.
    if (this.isOver()) return false;
    const cap = formatNanoUsd(Number(run.capNanoUsd));
    this.end = {
      kind: 'ended',
      state: 'capped',
      problem: `The next call (${key.model}, ${key.task}) could cost $${formatNanoUsd(needNanoUsd)}, which would pass the cap of $${cap}.`,
    };
    return false;
  }

  /** Prices change while a run goes on. @returns null: the model must not be asked any more */
  private async pricesOf(model: string): Promise<ModelPrices | null> {
    if (performance.now() - this.pricesAtMs > pricesLastMs) {
      const { models } = this.held.run;
      const found = await this.inRun((manager) => this.parts.prices.models(manager, models));
      this.prices = new Map(found.map(({ name, prices }) => [name, prices]));
      this.pricesAtMs = performance.now();
    }
    const prices = this.prices.get(model);
    if (!prices) return this.leaveAnd(model, 'The model is no longer a chat model of the catalogue.');
    if (prices.isComplete || this.held.run.allowUnpriced) return prices;
    return this.leaveAnd(model, 'Nobody knows the price of the model any more.');
  }

  private async leaveAnd(model: string, why: string): Promise<null> {
    await this.leave(model, why);
    return null;
  }

  private async leave(model: string, why: string): Promise<void> {
    const { run } = this.held;
    this.parts.logger.warn('a benchmark leaves a model alone', { run: run.id, model, why });
    await this.inRun((manager) => this.parts.spending.skipModel(manager, run.id, model, why));
  }

  private mayTryKeyAgain({ failure, isFinal }: KeyRefusedCall): boolean {
    this.keyRefusals += 1;
    if (!isFinal && this.keyRefusals <= mostKeyRefusals) return true;
    const problem = `Port 4000 refuses the run's virtual key (${failure}).`;
    this.end ??= { kind: 'ended', state: 'failed', problem };
    return false;
  }

  private isOver(): boolean {
    return this.end !== null || this.signal.aborted;
  }

  private inRun<Result>(
    work: (manager: Parameters<Parameters<TenantTransactions['run']>[1]>[0]) => Promise<Result>,
  ): Promise<Result> {
    return this.parts.transactions.run('platform', work);
  }
}
