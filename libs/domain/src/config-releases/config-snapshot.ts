import type { ModelMode } from '@signalbox/database';

/** What a configuration is compiled from: the catalogue as it was in one moment. */
export interface SnapshotProvider {
  id: string;
  name: string;
  kind: string;
  baseUrl: string | null;
  enabled: boolean;
  /** The platform's keys that are variables of LiteLLM's environment, whether switched on or not. */
  environmentKeys: EnvironmentKey[];
}

export interface EnvironmentKey {
  credentialId: string;
  variable: string;
}

export interface SnapshotCredential {
  id: string;
  enabled: boolean;
}

/** What an admin says that a deployment is, and the catalogue has not. */
export interface UnknownEntry {
  id: string;
  /** Whose facts say so. */
  statedBy: 'deployment' | 'model' | 'provider';
}

export interface SnapshotDeployment {
  id: string;
  upstreamModel: string;
  baseUrl: string | null;
  litellmParams: Record<string, unknown>;
  enabled: boolean;
  provider: SnapshotProvider;
  /** The platform's credential that the deployment names. */
  credentialId: string | null;
  /** What the platform pays with: the one that is named, else the platform's for this provider; null: none. */
  credential: SnapshotCredential | null;
  /** null: no entry of the catalogue is named, or it is there. */
  unknownEntry: UnknownEntry | null;
}

export interface SnapshotModel {
  id: string;
  name: string;
  mode: ModelMode;
  openrouterId: string | null;
  enabled: boolean;
  deployments: SnapshotDeployment[];
}

export interface ConfigSnapshot {
  models: SnapshotModel[];
}

/** What LiteLLM will get: all three of model, deployment and provider must be switched on. */
export function servedDeployments(model: SnapshotModel): SnapshotDeployment[] {
  if (!model.enabled) return [];
  return model.deployments.filter(({ enabled, provider }) => enabled && provider.enabled);
}
