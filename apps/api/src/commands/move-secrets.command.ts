import { SecretStores } from '@signalbox/domain/secrets';
import { parseArgs } from 'node:util';
import { withMaintenance } from './maintenance-job';
import { runHere } from './resumable-run';
import { UsageError } from './usage-error';

export const moveSecretsUsage = 'move-secrets --to infisical|sealed [--dry-run]';

/** Moves provider keys to the other secret store. */
export async function runMoveSecrets(print: (line: string) => void, args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { to: { type: 'string' }, 'dry-run': { type: 'boolean', default: false } },
  });
  const { to } = values;
  if (to !== 'sealed' && to !== 'infisical') throw new UsageError(moveSecretsUsage);
  return withMaintenance('move-secrets', async (job) => {
    const { active } = job.context.get(SecretStores);
    if (active.kind !== to) {
      print(
        `New keys still go to the store "${active.kind}": set SIGNALBOX_SECRET_STORE=${to} where the API and the worker are started.`,
      );
    }
    return runHere(job, { kind: 'move_secrets', dryRun: values['dry-run'], to }, print);
  });
}
