import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { CLOCK } from '@signalbox/domain/core';
import { decodeDecision } from '@signalbox/gateway';
import { replayDecision } from './replay-decision';
import { type Difference, type ReplayPolicies, ReplayPolicyReader } from './replay-policies';
import { type ReplayFigures, ReplaySums } from './replay-report';
import { type ReplayPosition, type ReplayRange, ReplayRepository, type ReplayRow } from './replay.repository';

/** So many that one page holds up other requests of the same process for some milliseconds only. */
const pageRows = 250;

/** null: as long as it takes. */
export interface ReplayBounds {
  readonly events: number | null;
  readonly ms: number | null;
}

export const unbounded: ReplayBounds = { events: null, ms: null };

export interface ReplayRequest extends ReplayRange, Difference {}

export interface ReplayProgress {
  readonly done: number;
  readonly total: number;
}

export interface ReplayOptions {
  readonly bounds: ReplayBounds;
  /** Called after each page, where somebody watches. */
  readonly onProgress?: (progress: ReplayProgress) => void;
  readonly signal?: AbortSignal;
}

export interface Replay {
  readonly figures: ReplayFigures;
  /** null: all of the range. Else why it ended before. */
  readonly stoppedBy: 'events' | 'time' | 'signal' | null;
  /** The begin of the last request that counts; null: there was none. */
  readonly replayedUntil: Date | null;
}

/** Makes the decisions of the past again, under a changed policy. Nothing is written. */
@Injectable()
export class ReplayService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: ReplayRepository,
    private readonly policies: ReplayPolicyReader,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async replay(caller: Caller, request: ReplayRequest, options: ReplayOptions): Promise<Replay> {
    requireScope(caller, 'usage:read');
    await this.requireSubject(caller, request);
    // Row-level security decides; naming the organization as well lets PostgreSQL use its index.
    const organizationId = request.organizationId ?? caller.organizationId;
    const range = { ...request, organizationId };
    const policies = await this.policies.open(caller, request);
    const total = options.onProgress ? await this.count(caller, range) : 0;
    return this.run(caller, range, policies, options, total);
  }

  private async run(
    caller: Caller,
    range: ReplayRange,
    policies: ReplayPolicies,
    { bounds, onProgress, signal }: ReplayOptions,
    total: number,
  ): Promise<Replay> {
    const sums = new ReplaySums();
    const startedAtMs = this.clock.now().getTime();
    let [done, position]: [number, ReplayPosition | null] = [0, null];
    const replayOf = (stoppedBy: Replay['stoppedBy']): Replay => ({
      figures: sums.report,
      stoppedBy,
      replayedUntil: position === null ? null : new Date(position.startedAt),
    });
    for (;;) {
      const left = bounds.events === null ? pageRows : Math.min(pageRows, bounds.events - done);
      // One more than may be replayed: whether there is more is then known.
      const rows = await this.page(caller, range, left + 1, position);
      const page = rows.slice(0, left);
      await policies.prepare(page.map(({ workspace_id: id }) => id));
      for (const row of page) addRow(sums, policies, row);
      done += page.length;
      const last = page.at(-1);
      if (last) position = { startedAt: last.position, requestId: last.request_id };
      onProgress?.({ done, total: Math.max(total, done) });
      if (rows.length <= left) return replayOf(null);
      if (bounds.events !== null && done >= bounds.events) return replayOf('events');
      if (signal?.aborted) return replayOf('signal');
      if (bounds.ms !== null && this.clock.now().getTime() - startedAtMs >= bounds.ms)
        return replayOf('time');
    }
  }

  private page(
    caller: Caller,
    range: ReplayRange,
    limit: number,
    after: ReplayPosition | null,
  ): Promise<ReplayRow[]> {
    return this.transactions.run(tenantOf(caller), (manager) =>
      this.repository.page(manager, range, limit, after),
    );
  }

  private count(caller: Caller, range: ReplayRange): Promise<number> {
    return this.transactions.run(tenantOf(caller), (manager) => this.repository.count(manager, range));
  }

  private async requireSubject(caller: Caller, { workspaceId, organizationId }: ReplayRange): Promise<void> {
    await this.transactions.run(tenantOf(caller), async (manager) => {
      if (workspaceId !== null && !(await this.repository.exists(manager, 'workspaces', workspaceId)))
        throw new AppError('workspace_not_found', 'Check the id, or list workspaces to find it.');
      if (
        organizationId !== null &&
        !(await this.repository.exists(manager, 'organizations', organizationId))
      )
        throw new AppError('organization_not_found', 'Check the id, or list organizations to find it.');
    });
  }
}

function addRow(sums: ReplaySums, policies: ReplayPolicies, row: ReplayRow): void {
  if (row.decision === null) return sums.skip('no_decision');
  const change = policies.of(row.workspace_id);
  if (change === null) return sums.skip('workspace_unknown');
  const kept = decodeDecision(row.decision);
  if (kept === null) return sums.skip('record_unreadable');
  const replayed = replayDecision(kept, change);
  if (typeof replayed === 'string') return sums.skip(replayed);
  return sums.add({ ...useOf(row), deploymentId: row.deployment_id }, replayed);
}

function useOf(row: ReplayRow) {
  const isKnown = row.usage_source === 'provider';
  return {
    tokens: isKnown
      ? {
          prompt: Number(row.prompt_tokens),
          cacheRead: Number(row.cache_read_tokens),
          cacheWrite: Number(row.cache_write_tokens),
          answer: Number(row.completion_tokens),
        }
      : null,
    costNanoUsd: row.cost_nano_usd === null ? null : Number(row.cost_nano_usd),
  };
}
