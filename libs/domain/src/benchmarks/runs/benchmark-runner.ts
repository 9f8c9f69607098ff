import { AppError, type Clock, newId } from '@signalbox/common';
import type { BenchmarkRunEntity, BenchmarkRunState } from '@signalbox/database';
import { systemCaller } from '@signalbox/domain/access';
import type { QualityService } from '@signalbox/domain/quality';
import { modelFigures } from '../figures/model-figures';
import { proposalOf } from '../figures/proposal';
import type { BenchmarkScheduleService } from '../schedules/benchmark-schedule.service';
import { RunTaken } from '../spending/spending.repository';
import { findSuite } from '../suites/suites';
import type { BenchmarkSuite } from '../suites/task.types';
import type { BenchmarkKeys } from './benchmark-keys';
import type { BenchmarkRunRepository } from './benchmark-run.repository';
import { RunSession, type SessionParts } from './run-session';

/** One process at a time works on runs; PostgreSQL lets go of the lock when that process dies. */
const lockKey = 7_346_107;
/** Whatever holds it up: a run of yesterday says nothing about today. */
const longestRunMs = 24 * 3_600_000;

const caller = systemCaller('benchmarks');

export interface BenchmarkRunnerParts extends SessionParts {
  readonly runs: BenchmarkRunRepository;
  readonly schedules: BenchmarkScheduleService;
  readonly keys: BenchmarkKeys;
  readonly quality: Pick<QualityService, 'propose'>;
  readonly clock: Clock;
}

/** busy: another process is at it. */
export type RunnerOutcome = 'idle' | 'busy' | 'stopped';

/** Works on one run after the other, goes on with the one that a dead worker left, and starts those that are due. */
export class BenchmarkRunner {
  constructor(private readonly parts: BenchmarkRunnerParts) {}

  async advance(signal: AbortSignal): Promise<RunnerOutcome> {
    const { transactions } = this.parts;
    return (await transactions.exclusivelyOrNot(lockKey, () => this.workThrough(signal))) ?? 'busy';
  }

  private async workThrough(signal: AbortSignal): Promise<RunnerOutcome> {
    const { transactions, spending, schedules } = this.parts;
    for (;;) {
      await schedules.startDue();
      await this.tidy();
      const run = await transactions.run('platform', (manager) => spending.nextRun(manager));
      if (!run) return 'idle';
      if (signal.aborted) return 'stopped';
      await this.work(run, signal);
      if (signal.aborted) return 'stopped';
    }
  }

  private async work(run: BenchmarkRunEntity, signal: AbortSignal): Promise<void> {
    const { transactions, spending, logger, clock } = this.parts;
    const holder = newId('benchmarkRun');
    try {
      await transactions.run('platform', (manager) =>
        spending.takeOver(manager, run.id, holder, clock.now()),
      );
      const suite = findSuite(run.suite);
      if (!suite) return await this.finish(run, holder, 'failed', `This version has no suite ${run.suite}.`);
      if (clock.nowMs() - (run.startedAt?.getTime() ?? clock.nowMs()) > longestRunMs)
        return await this.finish(run, holder, 'failed', 'It was not done within a day.');
      const opened = await this.openKey(run);
      if (opened === null)
        return await this.finish(
          run,
          holder,
          'failed',
          "Its virtual key could not be made: see the worker's log.",
        );
      await transactions.run('platform', (manager) => spending.noteKey(manager, run.id, opened.keyId));
      const session = new RunSession(this.parts, { run, holder, suite, key: opened.value }, signal);
      const end = await session.work();
      logger.info('turn on a benchmark run', { run: run.id, end: end.kind });
      if (end.kind !== 'ended') return;
      if (end.state !== 'failed') await this.propose(run, suite);
      await this.finish(run, holder, end.state, end.problem);
      await this.tidy();
    } catch (error) {
      if (!(error instanceof RunTaken)) throw error;
      logger.info('a benchmark run was taken away', { run: run.id, reason: error.message });
    }
  }

  /** @returns null: it cannot be made, which another try will not change */
  private async openKey(run: BenchmarkRunEntity): Promise<{ keyId: string; value: string } | null> {
    try {
      return await this.parts.keys.open(run);
    } catch (error) {
      const isPassing = error instanceof AppError && error.code === 'database_unavailable';
      if (isPassing || !(error instanceof AppError)) throw error;
      this.parts.logger.error('no virtual key for a benchmark run', { run: run.id, error });
      return null;
    }
  }

  /** For a person to decide. Told again after a crash, it is the same proposal. */
  private async propose(run: BenchmarkRunEntity, suite: BenchmarkSuite): Promise<void> {
    const { transactions, runs, quality } = this.parts;
    const results = await transactions.run('platform', (manager) => runs.results(manager, run.id));
    for (const model of run.models) {
      const proposal = proposalOf(run, suite, modelFigures(suite, model, results));
      if (proposal) await quality.propose(caller, { ...proposal, runId: run.id });
    }
  }

  private async finish(
    run: BenchmarkRunEntity,
    holder: string,
    state: BenchmarkRunState,
    problem: string | null,
  ): Promise<void> {
    const { transactions, spending, clock, logger } = this.parts;
    await transactions.run('platform', (manager) =>
      spending.finish(manager, { id: run.id, holder }, state, problem, clock.now()),
    );
    logger.info('benchmark run ended', { run: run.id, state, problem });
  }

  /** What ended runs left behind: calls of which nobody heard again, and keys. */
  private async tidy(): Promise<void> {
    const { transactions, spending, keys, clock } = this.parts;
    const open = await transactions.run('platform', async (manager) => {
      await spending.giveUpEnded(manager, clock.now());
      return spending.withOpenKeys(manager);
    });
    for (const { id, virtualKeyId } of open) {
      await keys.end(virtualKeyId);
      await transactions.run('platform', (manager) => spending.noteKeyEnded(manager, id, clock.now()));
    }
  }
}
