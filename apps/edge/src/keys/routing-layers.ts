import {
  defaultRoutingPolicy,
  effectiveRouting,
  type OrganizationDocument,
  type RoutingPolicy,
  type RoutingRules,
  settingsDocumentId,
  strictestRules,
  type WorkspaceDocument,
} from '@signalbox/gateway';
import type { ProjectionStore } from './projection-store';

interface Merged {
  platform: RoutingRules;
  organization: OrganizationDocument | null;
  routing: RoutingPolicy;
}

const noRules: RoutingRules = {};

/** Merges what platform, organization and workspace say of the routing: once for each change, not for each request. */
export class RoutingLayers {
  private readonly merged = new WeakMap<WorkspaceDocument, Merged>();

  constructor(private readonly store: ProjectionStore) {}

  /** The same object until one of the three documents changes. */
  of(workspace: WorkspaceDocument | null, organization: OrganizationDocument | null): RoutingPolicy {
    if (!workspace) return defaultRoutingPolicy;
    const platform = this.platform();
    const held = this.merged.get(workspace);
    if (held?.platform === platform && held.organization === organization) return held.routing;
    const routing = effectiveRouting(platform, organization?.routing ?? noRules, workspace.routing);
    this.merged.set(workspace, { platform, organization, routing });
    return routing;
  }

  /** How long a provider may take until its first byte, as far as no tenant has a say. */
  platformFirstByteMs(): number {
    return this.platform().first_byte_timeout_ms ?? defaultRoutingPolicy.first_byte_timeout_ms;
  }

  /** How long each workspace lets this edge serve on its own. null: as long as the edge says. */
  *offlineSeconds(): Generator<number | null> {
    for (const workspace of this.store.all('workspace'))
      yield this.of(workspace, this.store.get('organization', workspace.organization_id)).offline_seconds;
  }

  /** Rules that nobody can read might protect somebody's data. */
  private platform(): RoutingRules {
    if (this.store.isUnreadable('settings', settingsDocumentId)) return strictestRules;
    return this.store.get('settings', settingsDocumentId)?.routing ?? noRules;
  }
}
