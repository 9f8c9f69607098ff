import { Inject, Injectable } from '@nestjs/common';
import { type Clock, decodeCursor, type Page, toPage } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { type Caller, requireOperator } from '@signalbox/domain/access';
import { CLOCK } from '@signalbox/domain/core';
import type { EntityManager } from 'typeorm';
import { CatalogueEntryRepository } from '../entries/catalogue-entry.repository';
import { CatalogueLookup } from '../facts/catalogue-lookup';
import { FactsRepository } from '../facts/facts.repository';
import { DeprecationRepository, type RulesRow, type UsageRow } from './deprecation.repository';
import type { Deprecation, DeploymentInUse, KeyInUse, PolicyInUse, TenantInUse } from './deprecation.types';
import { proposeReplacement, type Replaceable } from './propose-replacement';
import { placesNaming } from './rules-naming';

/** More of a kind are not listed; the counts of requests are of all. */
const mostListed = 200;

/** Models that go: who uses them, and who could take their place. */
@Injectable()
export class DeprecationService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly entries: CatalogueEntryRepository,
    private readonly facts: FactsRepository,
    private readonly repository: DeprecationRepository,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** By id: those that are deprecated or have vanished, and that our deployments use. */
  async list(caller: Caller, limit: number, cursor?: string): Promise<Page<Deprecation>> {
    requireOperator(caller, 'models:read');
    const after = cursor === undefined ? null : decodeCursor(cursor);
    return this.transactions.run('platform', async (manager) => {
      const used = await this.deploymentsByEntry(manager);
      const gone = await this.entries.findGone(manager, [...used.keys()], limit + 1, after);
      const shown = gone.slice(0, limit);
      const reports = await this.reportsOf(manager, shown, used);
      const rest = gone.slice(limit).map((entry) => ({ entry, ...nobody }));
      return toPage(
        [...reports, ...rest],
        limit,
        ({ entry }) => entry.id,
        (report) => report,
      );
    });
  }

  /** In the transaction that ends a sync. @returns entries that our deployments use and that have gone since then */
  async goneSince(manager: EntityManager, since: Date): Promise<string[]> {
    const used = await this.deploymentsByEntry(manager);
    return this.repository.goneSince(manager, [...used.keys()], since);
  }

  /** For every model that goes. What an admin proposes stays, as long as it stays itself. */
  async proposeReplacements(manager: EntityManager): Promise<void> {
    const gone = await this.repository.withoutReplacement(manager);
    if (gone.length === 0) return;
    const staying = new Map<string, Replaceable[]>();
    for (const entry of await this.repository.staying(manager)) {
      const kind = `${entry.vendor} ${entry.mode}`;
      const others = staying.get(kind) ?? [];
      others.push(entry);
      staying.set(kind, others);
    }
    const proposals = gone.map((entry) => ({
      id: entry.id,
      replacementId: proposeReplacement(entry, staying.get(`${entry.vendor} ${entry.mode}`) ?? []),
    }));
    await this.repository.setReplacements(manager, proposals);
  }

  /** Ids of deployments by each entry that says something of them. */
  private async deploymentsByEntry(manager: EntityManager): Promise<Map<string, string[]>> {
    const subjects = await this.facts.subjects(manager, null);
    const lookup = new CatalogueLookup(await this.facts.entriesOf(manager, subjects, this.clock.now()));
    const used = new Map<string, string[]>();
    for (const subject of subjects) {
      for (const { id } of lookup.entriesOf(subject)) used.set(id, [...(used.get(id) ?? []), subject.id]);
    }
    return used;
  }

  private async reportsOf(
    manager: EntityManager,
    gone: readonly Deprecation['entry'][],
    used: ReadonlyMap<string, readonly string[]>,
  ): Promise<Deprecation[]> {
    const ids = gone.flatMap(({ id }) => used.get(id) ?? []);
    const deployments = await this.repository.deployments(manager, ids);
    const models = [...new Set(deployments.map(({ model }) => model))];
    const rules = await this.repository.rulesMentioning(manager, models);
    const usage = await this.repository.usage(manager, ids, this.clock.now());
    const names = await this.repository.organizationNames(manager, [
      ...new Set(usage.map(({ organizationId }) => organizationId)),
    ]);
    const reports: Deprecation[] = [];
    for (const entry of gone) {
      const own = new Set(used.get(entry.id));
      const ofEntry = deployments.filter(({ id }) => own.has(id));
      const calls = usage.filter(({ deploymentId }) => own.has(deploymentId));
      reports.push({
        entry,
        deployments: ofEntry,
        policies: policiesOf(rules, ofEntry),
        keys: await this.keysOf(manager, ofEntry, calls),
        tenants: tenantsOf(calls, names),
      });
    }
    return reports;
  }

  private async keysOf(
    manager: EntityManager,
    deployments: readonly DeploymentInUse[],
    usage: readonly UsageRow[],
  ): Promise<KeyInUse[]> {
    const counts = new Map<string, number>();
    for (const { virtualKeyId, requestCount } of usage)
      counts.set(virtualKeyId, (counts.get(virtualKeyId) ?? 0) + requestCount);
    const models = deployments.map(({ model }) => model);
    const rows = await this.repository.keys(manager, models, [...counts.keys()], mostListed);
    return rows.map((row) => ({ ...row, requestCount: counts.get(row.id) ?? 0 }));
  }
}

const nobody = { deployments: [], policies: [], keys: [], tenants: [] };

function policiesOf(rules: readonly RulesRow[], deployments: readonly DeploymentInUse[]): PolicyInUse[] {
  const models = new Set(deployments.map(({ model }) => model));
  return rules
    .map(({ routing, ...row }) => ({ ...row, places: placesNaming(routing, models) }))
    .filter(({ places }) => places.length > 0)
    .slice(0, mostListed);
}

/** Most requests first. */
function tenantsOf(usage: readonly UsageRow[], names: ReadonlyMap<string, string>): TenantInUse[] {
  const tenants = new Map<string, TenantInUse>();
  for (const { organizationId, requestCount, lastUsedAt } of usage) {
    const known = tenants.get(organizationId);
    const isLater = !known?.lastUsedAt || lastUsedAt > known.lastUsedAt;
    tenants.set(organizationId, {
      organizationId,
      name: names.get(organizationId) ?? organizationId,
      requestCount: (known?.requestCount ?? 0) + requestCount,
      lastUsedAt: isLater ? lastUsedAt : known.lastUsedAt,
    });
  }
  return [...tenants.values()]
    .sort((left, right) => right.requestCount - left.requestCount)
    .slice(0, mostListed);
}
