import { parseArgs } from 'node:util';
import { withMaintenance } from './maintenance-job';
import { runHere } from './resumable-run';

export const reencryptSecretsUsage = 'reencrypt-secrets [--dry-run]';

/** Seals anew, with the first key of the ring, what is sealed with another one. */
export async function runReencryptSecrets(print: (line: string) => void, args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { 'dry-run': { type: 'boolean', default: false } } });
  return withMaintenance('reencrypt-secrets', (job) =>
    runHere(job, { kind: 'reencrypt_secrets', dryRun: values['dry-run'] }, print),
  );
}
