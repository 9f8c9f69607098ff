import { Injectable } from '@nestjs/common';
import { TenantTransactions } from '@signalbox/database';
import { LitellmAdminClient, type LitellmTeam } from '@signalbox/litellm-client';
import { desiredTeam } from './desired-state';
import { diffTeam } from './mirror-diff';
import { maxForeignExamples, type MirrorReport } from './mirror-report';
import { MirrorRepository, type WorkspaceSubject } from './mirror.repository';
import { TeamMirrorService } from './team-mirror.service';

const pageSize = 200;

/**
 * LiteLLM is read first and PostgreSQL after it: what is in LiteLLM was committed in PostgreSQL before, so a team that
 * carries our mark and has no row is not new but left over.
 */
@Injectable()
export class TeamReconciler {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: MirrorRepository,
    private readonly litellm: LitellmAdminClient,
    private readonly mirror: TeamMirrorService,
  ) {}

  async reconcile(report: MirrorReport, startedAt: Date, signal: AbortSignal): Promise<void> {
    const seen = new Set<string>();
    /** Changed last: a deletion would shift the pages that are still to come. */
    const repairs: (() => Promise<void>)[] = [];
    for (let page = 1, pages = 1; page <= pages; page += 1) {
      signal.throwIfAborted();
      const { items, totalCount, totalPages } = await this.litellm.teamList(page);
      pages = totalPages;
      report.teamsInLitellm = totalCount;
      for (const team of items) seen.add(team.team_id);
      repairs.push(...(await this.comparePage(items, report)));
    }
    for (const repair of repairs) await repair();
    await this.makeMissing(seen, startedAt, report, signal);
  }

  private async comparePage(teams: LitellmTeam[], report: MirrorReport): Promise<(() => Promise<void>)[]> {
    const ids = teams.map((team) => team.team_id);
    const subjects = await this.transactions.run('platform', (manager) =>
      this.repository.workspaces(manager, ids),
    );
    const byId = new Map(subjects.map((subject) => [subject.workspace.id, subject]));
    return teams.flatMap((team) => this.compare(team, byId.get(team.team_id), report) ?? []);
  }

  /** @returns how to repair it, or null when it is as it should be */
  private compare(
    team: LitellmTeam,
    subject: WorkspaceSubject | undefined,
    report: MirrorReport,
  ): (() => Promise<void>) | null {
    if (!subject) return this.compareUnknown(team, report);
    const desired = desiredTeam(subject.workspace, subject.organization);
    if (desired && !diffTeam(desired, team)) return null;
    if (desired) report.teams.different += 1;
    else report.teams.dead += 1;
    return () => this.mirror.sync(team.team_id);
  }

  private compareUnknown(team: LitellmTeam, report: MirrorReport): (() => Promise<void>) | null {
    if (team.metadata.signalbox?.workspace_id !== undefined) {
      report.teams.unknown += 1;
      return () => this.litellm.teamDelete(team.team_id);
    }
    report.teams.foreign += 1;
    if (report.foreignExamples.length < maxForeignExamples) {
      report.foreignExamples.push(`team ${team.team_alias ?? team.team_id}`);
    }
    return null;
  }

  private async makeMissing(
    seen: Set<string>,
    startedAt: Date,
    report: MirrorReport,
    signal: AbortSignal,
  ): Promise<void> {
    for (let after = ''; ;) {
      const position = after;
      const subjects = await this.transactions.run('platform', (manager) =>
        this.repository.liveWorkspacesAfter(manager, position, pageSize),
      );
      for (const { workspace } of subjects) {
        // Younger ones are on their way through the outbox.
        if (seen.has(workspace.id) || workspace.createdAt >= startedAt) continue;
        signal.throwIfAborted();
        report.teams.missing += 1;
        await this.mirror.sync(workspace.id);
      }
      const last = subjects.at(-1);
      if (!last || subjects.length < pageSize) return;
      after = last.workspace.id;
    }
  }
}
