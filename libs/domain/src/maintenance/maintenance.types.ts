import type { MaintenanceKind, MaintenanceRunEntity, SecretStoreKind } from '@signalbox/database';

/** What a worker can do by itself; an import needs files that only whoever starts it has. */
export type StartMaintenanceRun =
  | { readonly kind: 'reencrypt_secrets'; readonly dryRun: boolean }
  | { readonly kind: 'move_secrets'; readonly dryRun: boolean; readonly to: SecretStoreKind };

export interface MaintenanceRunFilter {
  readonly kind?: MaintenanceKind | undefined;
  readonly status?: MaintenanceRunEntity['status'] | undefined;
}
