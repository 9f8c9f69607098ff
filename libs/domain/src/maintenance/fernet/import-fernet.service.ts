import { Inject, Injectable } from '@nestjs/common';
import { AppError, type ErrorCode } from '@signalbox/common';
import { type MaintenanceRunEntity, TenantTransactions } from '@signalbox/database';
import type { Caller } from '@signalbox/domain/access';
import { FINGERPRINT_KEY } from '@signalbox/domain/core';
import { checkKey, CredentialService, fingerprintOf, ownerKeyOf } from '@signalbox/domain/credentials';
import { isProviderKind } from '@signalbox/domain/providers';
import { MaintenanceRunner } from '../maintenance-runner';
import { MaintenanceService } from '../maintenance.service';
import type { MaintenanceTask } from '../maintenance-task';
import type { RunProgress } from '../run-progress';
import { type FernetKey, openFernetToken } from './fernet';
import type { ImportLine, ImportRecord } from './import-file';
import { ImportTargetRepository } from './import-target.repository';

export interface FernetImport {
  /** The file's name, for the record. */
  readonly source: string;
  readonly lines: readonly ImportLine[];
  readonly keys: readonly FernetKey[];
  readonly dryRun: boolean;
}

/** With these, the next line fails as well: the import ends, and is to be repeated. */
const outages: ReadonlySet<ErrorCode> = new Set([
  'secret_store_unavailable',
  'secret_store_refused',
  'database_unavailable',
]);

/**
 * Takes provider keys over from an older vault that kept them as Fernet tokens. Each becomes a credential, which is then
 * checked like any other. It can be repeated: a key that its owner has already is skipped.
 */
@Injectable()
export class ImportFernetService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly maintenance: MaintenanceService,
    private readonly runner: MaintenanceRunner,
    private readonly targets: ImportTargetRepository,
    private readonly credentials: CredentialService,
    @Inject(FINGERPRINT_KEY) private readonly fingerprintKey: string,
  ) {}

  /** @param started is told the run's id, under which its progress can be followed */
  async run(
    caller: Caller,
    input: FernetImport,
    signal: AbortSignal,
    started: (id: string) => void,
  ): Promise<MaintenanceRunEntity> {
    const run = await this.runner.alone('import_fernet', async () => {
      await this.endAbandoned(caller);
      const { dryRun, lines, source } = input;
      const made = await this.maintenance.insert(
        caller,
        { kind: 'import_fernet', dryRun, parameters: { source } },
        async () => lines.length,
      );
      started(made.id);
      try {
        await this.runner.carryOn(made, this.taskOf(caller, input), signal);
      } finally {
        // Without the file nobody could go on with it. A run that is over stays what it is.
        await this.maintenance.cancel(caller, made.id);
      }
      return this.maintenance.get(caller, made.id);
    });
    if (run) return run;
    throw new AppError(
      'maintenance_run_in_progress',
      'Another process imports tokens now: wait until it is done.',
    );
  }

  /** Of a process that was killed: nobody holds its lock. */
  private async endAbandoned(caller: Caller): Promise<void> {
    const abandoned = await this.maintenance.running(caller, 'import_fernet');
    if (abandoned) await this.maintenance.cancel(caller, abandoned.id);
  }

  private taskOf(caller: Caller, { lines, keys, dryRun }: FernetImport): MaintenanceTask {
    return {
      count: async () => lines.length,
      work: async (_run, progress, signal) => {
        for (const line of lines) {
          if (signal.aborted) return;
          await this.note(line, progress, await this.import(caller, line, keys, dryRun));
        }
      },
    };
  }

  /** @returns what is wrong, if it was not imported for another reason than being there */
  private async import(
    caller: Caller,
    { content }: ImportLine,
    keys: readonly FernetKey[],
    dryRun: boolean,
  ): Promise<'done' | 'skipped' | { problem: string }> {
    if (typeof content === 'string') return { problem: content };
    const apiKey = openFernetToken(keys, content.token);
    if (apiKey === null) return { problem: 'No key opens the token, or it was changed.' };
    try {
      checkKey(apiKey);
      if (await this.isThere(content, apiKey)) return 'skipped';
      if (dryRun) await this.checkTarget(content);
      else await this.create(caller, content, apiKey);
      return 'done';
    } catch (error) {
      if (!(error instanceof AppError) || outages.has(error.code)) throw error;
      return { problem: `${error.title}. ${error.message}` };
    }
  }

  private async create(caller: Caller, record: ImportRecord, apiKey: string): Promise<void> {
    const { organizationId, workspaceId, userId, provider, name } = record;
    await this.credentials.create(caller, { organizationId, workspaceId, userId, provider, name, apiKey });
  }

  private isThere(record: ImportRecord, apiKey: string): Promise<boolean> {
    const fingerprint = fingerprintOf(this.fingerprintKey, apiKey);
    return this.transactions.run('platform', (manager) =>
      this.targets.hasKey(manager, ownerKeyOfRecord(record), fingerprint),
    );
  }

  /** What a dry run can tell without making anything. */
  private async checkTarget(record: ImportRecord): Promise<void> {
    const { organizationId, workspaceId, provider } = record;
    await this.transactions.run('platform', async (manager) => {
      if (workspaceId !== undefined) {
        const isThere = await this.targets.hasWorkspace(manager, workspaceId, organizationId);
        if (!isThere) throw new AppError('workspace_not_found', 'Check workspace_id.');
      } else if (
        organizationId !== undefined &&
        !(await this.targets.hasOrganization(manager, organizationId))
      ) {
        throw new AppError('organization_not_found', 'Check organization_id.');
      }
      if (!isProviderKind(provider) && !(await this.targets.hasProvider(manager, provider))) {
        throw new AppError('provider_not_found', 'Check provider: an id, a name, or a kind.');
      }
      if (await this.targets.hasOther(manager, ownerKeyOfRecord(record), provider)) {
        throw new AppError('credential_exists', 'Disable the other key first, or leave this line out.');
      }
    });
  }

  private async note(
    { number }: ImportLine,
    progress: RunProgress,
    outcome: 'done' | 'skipped' | { problem: string },
  ): Promise<void> {
    const cursor = String(number);
    await this.transactions.run('platform', (manager) =>
      typeof outcome === 'string'
        ? progress[outcome](manager, cursor)
        : progress.failed(manager, cursor, `line ${number}`, outcome.problem),
    );
  }
}

function ownerKeyOfRecord(record: ImportRecord): string {
  const nobody = { organizationId: record.organizationId ?? null, workspaceId: null, userId: null };
  const { workspaceId, userId } = record;
  if (workspaceId !== undefined) return ownerKeyOf({ ...nobody, ownerType: 'workspace', workspaceId });
  if (userId !== undefined) return ownerKeyOf({ ...nobody, ownerType: 'member', userId });
  return ownerKeyOf({
    ...nobody,
    ownerType: record.organizationId === undefined ? 'platform' : 'organization',
  });
}
