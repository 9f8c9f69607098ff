import { Injectable } from '@nestjs/common';
import { TenantTransactions } from '@signalbox/database';
import { type Caller, tenantOf } from '@signalbox/domain/access';
import {
  effectiveRouting,
  type PowerLevel,
  readRoutingRules,
  type RoutingRules,
  withRules,
} from '@signalbox/gateway';
import type { ReplayChange } from './replay-target';
import { type LayersRow, ReplayRepository } from './replay.repository';

/** What is to be different from the policy of each workspace. */
export interface Difference {
  /** Field by field over what is in force. */
  readonly rules: RoutingRules;
  readonly asLevel: PowerLevel | null;
}

/** The policy of each workspace as it is in force now, and as it would be. One object for each, as its rules are kept by it. */
export class ReplayPolicies {
  private readonly changes = new Map<string, ReplayChange | null>();

  constructor(
    private readonly load: (workspaceIds: readonly string[]) => Promise<readonly LayersRow[]>,
    private readonly platform: RoutingRules,
    private readonly difference: Difference,
  ) {}

  /** All that a page needs, by one query. */
  async prepare(workspaceIds: Iterable<string>): Promise<void> {
    const missing = [...new Set(workspaceIds)].filter((id) => !this.changes.has(id));
    if (missing.length === 0) return;
    for (const id of missing) this.changes.set(id, null);
    for (const row of await this.load(missing)) this.changes.set(row.workspace_id, this.changeOf(row));
  }

  /** null: there is no such workspace any more. */
  of(workspaceId: string): ReplayChange | null {
    return this.changes.get(workspaceId) ?? null;
  }

  private changeOf({ organization, workspace }: LayersRow): ReplayChange {
    const layers = [this.platform, readRoutingRules(organization), readRoutingRules(workspace)];
    const { rules, asLevel } = this.difference;
    const base = effectiveRouting(...layers);
    // Also what protects data can be asked about: nothing is sent anywhere.
    return { base, policy: withRules(base, rules), asLevel };
  }
}

@Injectable()
export class ReplayPolicyReader {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: ReplayRepository,
  ) {}

  async open(caller: Caller, difference: Difference): Promise<ReplayPolicies> {
    // The platform's rules hold for every tenant, and none of them is shown.
    const platform = await this.transactions.run('platform', (manager) =>
      this.repository.platformRouting(manager),
    );
    const load = (ids: readonly string[]): Promise<LayersRow[]> =>
      this.transactions.run(tenantOf(caller), (manager) => this.repository.layersOf(manager, ids));
    return new ReplayPolicies(load, readRoutingRules(platform), difference);
  }
}
