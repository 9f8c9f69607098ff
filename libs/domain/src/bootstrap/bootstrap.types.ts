import { systemCaller } from '@signalbox/domain/access';
import type { EnvironmentKey } from '@signalbox/domain/credentials';

/** Who makes the first contents, in audit events and in created_by. */
export const bootstrapCaller = systemCaller('bootstrap');

export interface BootstrapOptions {
  /** Where the first service token is written. Left out: none is made. */
  adminTokenFile: string | undefined;
  /** Where the first virtual key is written. Left out: none is made. */
  virtualKeyFile: string | undefined;
  /** The platform's provider keys in the runner's environment: names and marks. */
  providerKeys: EnvironmentKey[];
}

/** Takes one line, for a person, per thing done. Never a secret. */
export type Report = (line: string) => void;
