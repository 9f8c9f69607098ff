import { Inject, Injectable } from '@nestjs/common';
import {
  AppError,
  type Clock,
  decodeCursor,
  decodeIdCursor,
  newId,
  type Page,
  toPage,
} from '@signalbox/common';
import { QualityScoreEntity, type QualityScoreState, TenantTransactions } from '@signalbox/database';
import { type Caller, requireOperator } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK } from '@signalbox/domain/core';
import { OutboxRepository } from '@signalbox/domain/outbox';
import type { EntityManager } from 'typeorm';
import { type QualityFilter, type QualityLine, qualityLines } from './quality-list';
import { QualityRepository } from './quality.repository';
import type { QualityProposal } from './quality.types';

const digits = 5;

/** How good models are, where somebody knows it better than the table. What changes reaches the edges within a second or two. */
@Injectable()
export class QualityService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly scores: QualityRepository,
    private readonly outbox: OutboxRepository,
    private readonly audit: AuditTrail,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** By subject. The table is part of the program, and what admins set are a few hundred lines at most: pages are cut from all of it. */
  async listInForce(
    caller: Caller,
    filter: QualityFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<QualityLine>> {
    requireOperator(caller, 'models:read');
    const after = cursor === undefined ? -1 : positionOf(decodeCursor(cursor));
    const rows = await this.transactions.run('platform', (manager) => this.scores.inForce(manager));
    const lines = qualityLines(rows, filter).map((line, index) => ({ line, index }));
    return toPage(
      lines.slice(after + 1, after + 2 + limit),
      limit,
      ({ index }) => String(index),
      ({ line }) => line,
    );
  }

  async set(
    caller: Caller,
    subject: string,
    { score, note }: { score: number; note: string | null },
  ): Promise<QualityScoreEntity> {
    requireOperator(caller, 'models:write');
    return this.transactions.run('platform', async (manager) => {
      await this.requireSubject(manager, subject);
      await this.replaceInForce(manager, caller, subject);
      const row = this.newRow(subject, score, note);
      Object.assign(row, { state: 'in_force', source: 'admin', ...this.decision(caller) });
      await this.scores.insert(manager, row);
      await this.changed(manager, caller, 'quality.set', row);
      return row;
    });
  }

  /** The table's figure counts again. */
  async remove(caller: Caller, subject: string): Promise<void> {
    requireOperator(caller, 'models:write');
    await this.transactions.run('platform', async (manager) => {
      const row = await this.replaceInForce(manager, caller, subject);
      if (!row) {
        throw new AppError(
          'quality_score_not_found',
          'Nobody has set a quality for it: GET /api/v1/llm/quality lists what is in force, and its source.',
        );
      }
      await this.changed(manager, caller, 'quality.removed', row);
    });
  }

  /** What a benchmark came to, for a person to decide; told twice for the same run and model, it is one proposal. */
  async propose(caller: Caller, proposal: QualityProposal): Promise<QualityScoreEntity> {
    requireOperator(caller, 'models:write');
    return this.transactions.run('platform', async (manager) => {
      const known = await this.scores.findProposal(manager, proposal.model, proposal.runId);
      if (known) return known;
      const row = this.newRow(proposal.model, proposal.score, proposal.arithmetic);
      Object.assign(row, { state: 'proposed', source: 'benchmark', benchmarkRunId: proposal.runId });
      await this.scores.insert(manager, row);
      await this.record(manager, caller, 'quality.proposed', row);
      return row;
    });
  }

  /** Newest first. */
  async listProposals(
    caller: Caller,
    state: QualityScoreState | undefined,
    limit: number,
    cursor?: string,
  ): Promise<Page<QualityScoreEntity>> {
    requireOperator(caller, 'models:read');
    const before = decodeIdCursor('qualityScore', cursor);
    const rows = await this.transactions.run('platform', (manager) =>
      this.scores.listProposals(manager, state, limit + 1, before),
    );
    return toPage(
      rows,
      limit,
      ({ id }) => id,
      (row) => row,
    );
  }

  async accept(caller: Caller, proposalId: string): Promise<QualityScoreEntity> {
    return this.decide(caller, proposalId, 'in_force', async (manager, row) => {
      await this.replaceInForce(manager, caller, row.subject);
    });
  }

  async reject(caller: Caller, proposalId: string): Promise<QualityScoreEntity> {
    return this.decide(caller, proposalId, 'rejected', async () => undefined);
  }

  /** A typing error would be a quality of nothing. */
  private async requireSubject(manager: EntityManager, subject: string): Promise<void> {
    if (await this.scores.isSubject(manager, subject)) return;
    throw new AppError(
      'model_not_found',
      'It is neither the name of a model (GET /api/v1/llm/models) nor an id of the catalogue (GET /api/v1/llm/catalogue).',
    );
  }

  private async decide(
    caller: Caller,
    proposalId: string,
    state: 'in_force' | 'rejected',
    apply: (manager: EntityManager, row: QualityScoreEntity) => Promise<void>,
  ): Promise<QualityScoreEntity> {
    requireOperator(caller, 'models:write');
    return this.transactions.run('platform', async (manager) => {
      const row = await this.scores.findForUpdate(manager, proposalId);
      if (row?.source !== 'benchmark') throw unknownProposal();
      if (row.state === state) return row;
      if (row.state !== 'proposed') throw alreadyDecided(row.state);
      await apply(manager, row);
      Object.assign(row, { state, version: row.version + 1, ...this.decision(caller) });
      await this.scores.save(manager, row);
      await this.changed(
        manager,
        caller,
        state === 'in_force' ? 'quality.accepted' : 'quality.rejected',
        row,
      );
      return row;
    });
  }

  private async replaceInForce(
    manager: EntityManager,
    caller: Caller,
    subject: string,
  ): Promise<QualityScoreEntity | null> {
    await this.scores.lockSubject(manager, subject);
    const row = await this.scores.findInForce(manager, subject);
    if (!row) return null;
    const { decidedAt, decidedBy } = this.decision(caller);
    Object.assign(row, { state: 'replaced', version: row.version + 1, decidedAt, decidedBy });
    await this.scores.save(manager, row);
    return row;
  }

  private decision(caller: Caller): { decidedAt: Date; decidedBy: string; updatedAt: Date } {
    const now = this.clock.now();
    return { decidedAt: now, decidedBy: caller.actorId, updatedAt: now };
  }

  private newRow(subject: string, score: number, note: string | null): QualityScoreEntity {
    const now = this.clock.now();
    return Object.assign(new QualityScoreEntity(), {
      id: newId('qualityScore', now.getTime()),
      version: 1,
      subject,
      score: score.toFixed(digits),
      note,
      benchmarkRunId: null,
      decidedAt: null,
      decidedBy: null,
      createdAt: now,
      updatedAt: now,
    });
  }

  private async changed(
    manager: EntityManager,
    caller: Caller,
    action: string,
    row: QualityScoreEntity,
  ): Promise<void> {
    await this.outbox.addFacts(manager);
    await this.record(manager, caller, action, row);
  }

  private async record(
    manager: EntityManager,
    caller: Caller,
    action: string,
    row: QualityScoreEntity,
  ): Promise<void> {
    const { subject, score, state, source, note, benchmarkRunId } = row;
    await this.audit.record(manager, caller, {
      action,
      targetType: 'quality_score',
      targetId: row.id,
      organizationId: null,
      changes: { subject, score, state, source, note, benchmarkRunId },
    });
  }
}

function positionOf(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new AppError('cursor_invalid', 'Send the next_cursor of the previous page unchanged, or none.');
}

function unknownProposal(): AppError {
  return new AppError(
    'quality_proposal_not_found',
    'Check the id; GET /api/v1/llm/quality/proposals lists the known ones.',
  );
}

function alreadyDecided(state: string): AppError {
  return new AppError(
    'quality_proposal_decided',
    `The proposal is ${state}; GET /api/v1/llm/quality/proposals?state=proposed lists those that wait.`,
  );
}
