import type { ShownEntry } from '../entries/catalogue-entry.types';

export interface DeploymentInUse {
  readonly id: string;
  readonly modelId: string;
  readonly model: string;
  readonly providerId: string;
  readonly upstreamModel: string;
  readonly enabled: boolean;
}

/** Rules of routing that name one of its models. */
export interface PolicyInUse {
  readonly scope: 'platform' | 'organization' | 'workspace';
  readonly id: string;
  readonly organizationId: string | null;
  readonly name: string;
  readonly places: readonly string[];
}

export interface KeyInUse {
  readonly id: string;
  readonly alias: string | null;
  readonly organizationId: string;
  readonly workspaceId: string;
  /** Its list of models names it. */
  readonly isNamed: boolean;
  /** Of the last seven days. */
  readonly requestCount: number;
}

export interface TenantInUse {
  readonly organizationId: string;
  readonly name: string;
  readonly requestCount: number;
  readonly lastUsedAt: Date | null;
}

/** A model that goes, and who uses it. */
export interface Deprecation {
  readonly entry: ShownEntry;
  readonly deployments: readonly DeploymentInUse[];
  readonly policies: readonly PolicyInUse[];
  readonly keys: readonly KeyInUse[];
  readonly tenants: readonly TenantInUse[];
}
