import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, decodeCursor, newId, type Page, sha256Hex, toPage } from '@signalbox/common';
import { ConfigReleaseEntity, TenantTransactions } from '@signalbox/database';
import { type Caller, requireOperator } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK } from '@signalbox/domain/core';
import type { EntityManager } from 'typeorm';
import { type CompiledConfig, compileLitellmConfig } from './compile-litellm-config';
import { ConfigSnapshotRepository } from './config-snapshot.repository';
import { type ConfigDiff, diffConfigs } from './diff-configs';
import { lintConfig } from './lint-config';
import type { LintFinding } from './lint-finding';
import { ReleaseSignal } from './release-signal';
import { ReleasedConfigs } from './released-configs';
import { type ReleaseFilter, ReleaseRepository } from './release.repository';
import { RunnerControl } from './runner-control';

export interface ConfigPlan {
  changed: boolean;
  base: ConfigReleaseEntity | null;
  inProgress: ConfigReleaseEntity | null;
  compiled: CompiledConfig;
  diff: ConfigDiff;
  lint: LintFinding[];
}

export interface CurrentReleases {
  active: ConfigReleaseEntity | null;
  applying: ConfigReleaseEntity | null;
}

export interface ApplyOptions {
  note?: string | null | undefined;
  /** Applies what runs already, or what has lint errors: LiteLLM and the verification have the last word then. */
  force?: boolean | undefined;
  /** false: warnings stop it like errors do. */
  allowWarnings?: boolean | undefined;
}

export type RollbackOptions = Pick<ApplyOptions, 'note' | 'force'>;

/** How long to wait between two looks at PostgreSQL, where another process may have written the outcome. */
const lookEveryMs = 1_000;
/** The largest that the column holds. */
const numberMax = 2_147_483_647;

@Injectable()
export class ConfigReleaseService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly releases: ReleaseRepository,
    private readonly snapshots: ConfigSnapshotRepository,
    private readonly configs: ReleasedConfigs,
    private readonly audit: AuditTrail,
    private readonly signal: ReleaseSignal,
    private readonly runner: RunnerControl,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async list(
    caller: Caller,
    filter: ReleaseFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<ConfigReleaseEntity>> {
    requireOperator(caller, 'releases:read');
    const before = cursor === undefined ? null : numberOfCursor(cursor);
    const rows = await this.transactions.run('platform', (manager) =>
      this.releases.list(manager, filter, limit + 1, before),
    );
    return toPage(
      rows,
      limit,
      (row) => String(row.number),
      (row) => row,
    );
  }

  async get(caller: Caller, id: string): Promise<ConfigReleaseEntity> {
    requireOperator(caller, 'releases:read');
    return this.transactions.run('platform', async (manager) =>
      this.known(await this.releases.find(manager, id)),
    );
  }

  /** What should serve, and what is on its way. */
  async current(caller: Caller): Promise<CurrentReleases> {
    requireOperator(caller, 'releases:read');
    return this.transactions.run('platform', async (manager) => ({
      active: await this.releases.findByStatus(manager, 'active'),
      applying: await this.releases.findByStatus(manager, 'applying'),
    }));
  }

  /** What would run if it were applied now, beside what runs. Changes nothing. */
  async plan(caller: Caller): Promise<ConfigPlan> {
    requireOperator(caller, 'releases:read');
    return this.transactions.run('platform', (manager) => this.makePlan(manager));
  }

  /** A new release in `applying`; the runner takes it from here. */
  async apply(caller: Caller, options: ApplyOptions = {}): Promise<ConfigReleaseEntity> {
    requireOperator(caller, 'releases:write');
    return this.start(async (manager) => {
      const plan = await this.makePlan(manager);
      refuseInProgress(plan.inProgress);
      refuseFindings(plan.lint, options);
      if (!plan.changed) refuseUnchanged(plan.base, options);
      const { yaml, deploymentIds, models } = plan.compiled;
      const content = { configYaml: yaml, deploymentIds, models, lint: plan.lint, diff: plan.diff };
      return this.insert(manager, caller, { ...content, note: options.note ?? null, rollbackOfId: null });
    });
  }

  /** A new release with the content of an old one that once served. */
  async rollback(caller: Caller, id: string, options: RollbackOptions = {}): Promise<ConfigReleaseEntity> {
    requireOperator(caller, 'releases:write');
    return this.start(async (manager) => {
      const target = this.known(await this.releases.find(manager, id));
      refuseInProgress(await this.releases.findByStatus(manager, 'applying'));
      if (target.activatedAt === null) {
        throw new AppError(
          'config_release_not_restorable',
          `Release ${target.number} never served, so it is no state to go back to. Choose one that was active (GET /api/v1/config/releases?status=superseded).`,
        );
      }
      const active = await this.releases.findByStatus(manager, 'active');
      if (active?.configSha256 === target.configSha256) refuseUnchanged(active, options);
      const { configYaml, deploymentIds, models, lint } = target;
      const diff = diffConfigs(active && this.configs.read(active), this.configs.read(target));
      const content = { configYaml, deploymentIds, models, lint, diff };
      const note = options.note ?? `Rollback to release ${target.number}`;
      return this.insert(manager, caller, { ...content, note, rollbackOfId: target.id });
    });
  }

  /** The release as it is once it is no longer `applying`, or after `waitMs`. */
  async waitForOutcome(caller: Caller, id: string, waitMs: number): Promise<ConfigReleaseEntity> {
    const endMs = performance.now() + waitMs;
    for (;;) {
      const release = await this.get(caller, id);
      const leftMs = endMs - performance.now();
      if (release.status !== 'applying' || leftMs <= 0) return release;
      await this.signal.next(Math.min(leftMs, lookEveryMs));
    }
  }

  private async makePlan(manager: EntityManager): Promise<ConfigPlan> {
    const snapshot = await this.snapshots.read(manager);
    const base = await this.releases.findByStatus(manager, 'active');
    const compiled = compileLitellmConfig(snapshot);
    return {
      changed: base?.configSha256 !== sha256Hex(compiled.yaml),
      base,
      inProgress: await this.releases.findByStatus(manager, 'applying'),
      compiled,
      diff: diffConfigs(base && this.configs.read(base), compiled.config),
      lint: lintConfig(snapshot),
    };
  }

  private async start(
    work: (manager: EntityManager) => Promise<ConfigReleaseEntity>,
  ): Promise<ConfigReleaseEntity> {
    const release = await this.transactions.run('platform', async (manager) => {
      await this.releases.lockReleases(manager);
      return work(manager);
    });
    this.signal.notify();
    await this.runner.wake();
    return release;
  }

  private async insert(
    manager: EntityManager,
    caller: Caller,
    content: Pick<
      ConfigReleaseEntity,
      'configYaml' | 'deploymentIds' | 'models' | 'lint' | 'note' | 'rollbackOfId'
    > & { diff: ConfigDiff },
  ): Promise<ConfigReleaseEntity> {
    const release = Object.assign(new ConfigReleaseEntity(), {
      id: newId('configRelease', this.clock.nowMs()),
      number: (await this.releases.lastNumber(manager)) + 1,
      status: 'applying',
      phase: null,
      configSha256: sha256Hex(content.configYaml),
      ...content,
      verification: {},
      failure: null,
      createdBy: caller.actorId,
      createdAt: this.clock.now(),
      reportedAt: null,
      activatedAt: null,
      endedAt: null,
    });
    await this.releases.insert(manager, release);
    await this.audit.record(manager, caller, {
      action: 'config_release.created',
      targetType: 'config_release',
      targetId: release.id,
      organizationId: null,
      changes: {
        number: release.number,
        note: release.note,
        rollbackOfId: release.rollbackOfId,
        configSha256: release.configSha256,
        deploymentCount: release.deploymentIds.length,
      },
    });
    return release;
  }

  private known(release: ConfigReleaseEntity | null): ConfigReleaseEntity {
    if (release) return release;
    throw new AppError(
      'config_release_not_found',
      'Check the id: GET /api/v1/config/releases lists all releases.',
    );
  }
}

function numberOfCursor(cursor: string): number {
  const number = Number(decodeCursor(cursor));
  if (Number.isInteger(number) && number >= 0 && number <= numberMax) return number;
  throw new AppError('cursor_invalid', 'Send the next_cursor of the previous page unchanged, or none.');
}

function refuseInProgress(release: ConfigReleaseEntity | null): void {
  if (!release) return;
  throw new AppError(
    'config_release_in_progress',
    `Release ${release.number} (${release.id}) is being applied. Wait until GET /api/v1/config/releases/${release.id} shows it active or failed, then apply again.`,
    { retryAfterSeconds: 10 },
  );
}

function refuseUnchanged(
  active: ConfigReleaseEntity | null,
  { force }: { force?: boolean | undefined },
): void {
  if (force === true) return;
  throw new AppError(
    'config_unchanged',
    `Release ${active?.number ?? ''} already runs this configuration. Send force: true to start LiteLLM anew with it.`,
  );
}

function refuseFindings(lint: LintFinding[], { force, allowWarnings }: ApplyOptions): void {
  const isBlocking = ({ severity }: LintFinding): boolean =>
    severity === 'error' || (severity === 'warning' && allowWarnings === false);
  const blocking = lint.filter(isBlocking);
  if (blocking.length === 0 || force === true) return;
  throw new AppError(
    'config_release_lint_failed',
    'Nothing was applied. Mend the findings below (POST /api/v1/config/plan shows them with advice; docs/config-lint.md explains each), or send force: true.',
    {
      fields: blocking.slice(0, 50).map(({ path, code, message, advice }) => ({
        field: path,
        message: `${code}: ${message} ${advice}`,
      })),
    },
  );
}
