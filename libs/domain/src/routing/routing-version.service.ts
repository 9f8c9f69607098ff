import { Injectable } from '@nestjs/common';
import { AppError, decodeCursor, type Page, toPage } from '@signalbox/common';
import { type RoutingVersionEntity, TenantTransactions } from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { differenceOf, type RoutingChange } from './routing-difference';
import { readRulesDocument } from './routing-input';
import { requireRoutingScope, type RoutingOutcome, RoutingRulesService } from './routing-rules.service';
import type { RoutingSubject } from './routing-subject';
import { RoutingRepository } from './routing.repository';

export interface RoutingVersion {
  readonly version: RoutingVersionEntity;
  /** Since the version before. */
  readonly changes: readonly RoutingChange[];
}

/** What a level said once: shown, and brought back. */
@Injectable()
export class RoutingVersionService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: RoutingRepository,
    private readonly rules: RoutingRulesService,
  ) {}

  /** Newest first. */
  async list(
    caller: Caller,
    subject: RoutingSubject,
    limit: number,
    cursor?: string,
  ): Promise<Page<RoutingVersionEntity>> {
    requireRoutingScope(caller, 'workspaces:read', subject.scope);
    const before = cursor === undefined ? null : numberOfCursor(cursor);
    // Says that there is no such workspace, where there is none.
    await this.rules.get(caller, subject);
    const rows = await this.transactions.run(tenantOf(caller), (manager) =>
      this.repository.listVersions(manager, subject, limit + 1, before),
    );
    return toPage(
      rows,
      limit,
      ({ number }) => String(number),
      (row) => row,
    );
  }

  async get(caller: Caller, id: string): Promise<RoutingVersion> {
    requireScope(caller, 'workspaces:read');
    return this.transactions.run(tenantOf(caller), async (manager) => {
      const version = known(await this.repository.findVersion(manager, id));
      const [before] = await this.repository.listVersions(manager, subjectOf(version), 1, version.number);
      return { version, changes: differenceOf(before?.document ?? {}, version.document) };
    });
  }

  /** As if somebody wrote it again: a new version, checked like any other, for the rules of today may refuse it. */
  async restore(
    caller: Caller,
    id: string,
    options: { version: number | undefined; isDryRun: boolean },
  ): Promise<RoutingOutcome> {
    requireScope(caller, 'workspaces:write');
    const version = await this.transactions.run(tenantOf(caller), async (manager) =>
      known(await this.repository.findVersion(manager, id)),
    );
    const routing = readRulesDocument(version.document);
    return this.rules.replace(caller, subjectOf(version), { routing, restores: id, ...options });
  }
}

function subjectOf({ scope, subjectId }: RoutingVersionEntity): RoutingSubject {
  return { scope, id: subjectId };
}

function known(version: RoutingVersionEntity | null): RoutingVersionEntity {
  if (version) return version;
  throw new AppError(
    'routing_version_not_found',
    'Check the id; GET /api/v1/llm/routing/versions lists those of a workspace, an organization or the platform.',
  );
}

/** PostgreSQL's int. */
const largestNumber = 2_147_483_647;

function numberOfCursor(cursor: string): number {
  const position = decodeCursor(cursor);
  if (/^[1-9]\d{0,9}$/.test(position) && Number(position) <= largestNumber) return Number(position);
  throw new AppError('cursor_invalid', 'Send the next_cursor of the previous page unchanged, or none.');
}
