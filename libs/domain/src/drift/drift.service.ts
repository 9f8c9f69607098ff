import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock } from '@signalbox/common';
import { type Caller, requireOperator } from '@signalbox/domain/access';
import { CLOCK } from '@signalbox/domain/core';
import { type MirrorReport, MirrorReportService } from '@signalbox/domain/mirror';
import { JobProducer } from '@signalbox/jobs';
import { setTimeout as delay } from 'node:timers/promises';
import type { DriftReport } from './drift-report';
import { DriftReportService } from './drift-report.service';

export interface Drift {
  /** null: not compared yet. */
  models: DriftReport | null;
  keys: MirrorReport | null;
}

const waitLimitMs = 15_000;
const lookEveryMs = 200;

/** For whoever wants to see drift: the worker compares, since only it may speak to LiteLLM as its administrator. */
@Injectable()
export class DriftService {
  constructor(
    private readonly reports: DriftReportService,
    private readonly mirrorReports: MirrorReportService,
    private readonly jobs: JobProducer,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async last(caller: Caller): Promise<Drift> {
    requireOperator(caller, 'releases:read');
    return this.read();
  }

  /** Has the worker compare now, and waits for its report. The keys' report is the last one that was made. */
  async check(caller: Caller): Promise<Drift> {
    requireOperator(caller, 'releases:write');
    const askedAt = this.clock.now().toISOString();
    if (!(await this.jobs.add('config_drift.check', {}))) throw notNow('Redis does not answer.');
    const endMs = performance.now() + waitLimitMs;
    while (performance.now() < endMs) {
      const drift = await this.read();
      if (drift.models && drift.models.checkedAt >= askedAt) return drift;
      await delay(lookEveryMs);
    }
    throw notNow(`No worker reported within ${waitLimitMs / 1_000} seconds.`);
  }

  private async read(): Promise<Drift> {
    return { models: await this.reports.last(), keys: await this.mirrorReports.last() };
  }
}

function notNow(reason: string): AppError {
  return new AppError(
    'drift_check_unavailable',
    `${reason} GET /api/v1/status shows what is down; GET /api/v1/config/drift shows the last comparison.`,
    { retryAfterSeconds: 10 },
  );
}
