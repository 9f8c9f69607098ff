import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { CLOCK } from '@signalbox/domain/core';
import { isLitellmError, LitellmAdminClient } from '@signalbox/litellm-client';
import { type DesiredTeam, desiredTeam } from './desired-state';
import { diffTeam, teamSettings } from './mirror-diff';
import { failureReason } from './mirror-failure';
import { MirrorRepository, type WorkspaceSubject } from './mirror.repository';

/** How long a team that was seen is taken to be there still, when a key needs it. */
const seenForMs = 30_000;
const seenLimit = 10_000;

/** Workspaces as LiteLLM's teams. */
@Injectable()
export class TeamMirrorService {
  private readonly seenUntilMs = new Map<string, number>();

  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: MirrorRepository,
    private readonly litellm: LitellmAdminClient,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Reads the workspace's newest state, compares, and writes; again if it changed meanwhile. */
  async sync(workspaceId: string): Promise<void> {
    for (let round = 0; round < 3; round += 1) {
      const subject = await this.read(workspaceId);
      if (!subject) return;
      await this.syncSubject(subject);
      const after = await this.read(workspaceId);
      if (after?.workspace.version === subject.workspace.version) return;
    }
  }

  /** Before a key is made: LiteLLM takes a key of a team that does not exist without a word. */
  async ensure(desired: DesiredTeam): Promise<void> {
    if ((this.seenUntilMs.get(desired.teamId) ?? 0) > this.clock.nowMs()) return;
    await this.write(desired);
  }

  forgetSeen(): void {
    this.seenUntilMs.clear();
  }

  private async syncSubject({ workspace, organization }: WorkspaceSubject): Promise<void> {
    const desired = desiredTeam(workspace, organization);
    try {
      if (desired) await this.write(desired);
      else await this.remove(workspace.id);
      await this.note({ workspace, organization }, desired ? 'synced' : 'removed', null);
    } catch (error) {
      const reason = failureReason(error);
      if (reason !== null) await this.note({ workspace, organization }, 'failed', reason);
      throw error;
    }
  }

  private async write(desired: DesiredTeam): Promise<void> {
    const actual = await this.litellm.team(desired.teamId);
    if (actual) {
      const difference = diffTeam(desired, actual);
      if (difference) await this.litellm.teamUpdate(desired.teamId, difference);
    } else await this.create(desired);
    this.noteSeen(desired.teamId);
  }

  private async create(desired: DesiredTeam): Promise<void> {
    try {
      await this.litellm.teamNew(desired.teamId, teamSettings(desired));
    } catch (error) {
      // Somebody made it between the question and this call: LiteLLM says 400, or 500 when both came at the same moment.
      const isAnswered = isLitellmError(error, 'rejected') || isLitellmError(error, 'failed');
      if (!isAnswered || !(await this.litellm.team(desired.teamId))) throw error;
    }
  }

  private async remove(workspaceId: string): Promise<void> {
    this.seenUntilMs.delete(workspaceId);
    if (await this.litellm.team(workspaceId)) await this.litellm.teamDelete(workspaceId);
  }

  private noteSeen(teamId: string): void {
    if (this.seenUntilMs.size >= seenLimit) this.seenUntilMs.clear();
    this.seenUntilMs.set(teamId, this.clock.nowMs() + seenForMs);
  }

  private read(workspaceId: string): Promise<WorkspaceSubject | null> {
    return this.transactions.run('platform', (manager) => this.repository.workspace(manager, workspaceId));
  }

  private async note(
    { workspace }: WorkspaceSubject,
    state: 'synced' | 'failed' | 'removed',
    reason: string | null,
  ): Promise<void> {
    await this.transactions.run('platform', (manager) =>
      this.repository.noteWorkspace(manager, workspace, state, reason),
    );
  }
}
