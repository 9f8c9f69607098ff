import { entriesOf, readPrivateFile } from '@signalbox/config';
import { ImportFernetService, parseFernetKey, parseImportFile } from '@signalbox/domain/maintenance';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { printOutcome, reportProgress, withMaintenance } from './maintenance-job';
import { UsageError } from './usage-error';

export const importFernetUsage = 'import-fernet FILE --keys-file FILE [--dry-run]';

/** Takes provider keys over from an older vault; docs/secret-stores.md shows the form of both files. */
export async function runImportFernet(print: (line: string) => void, args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { 'keys-file': { type: 'string' }, 'dry-run': { type: 'boolean', default: false } },
  });
  const [file, ...others] = positionals;
  const keysFile = values['keys-file'];
  if (file === undefined || others.length > 0 || keysFile === undefined)
    throw new UsageError(importFernetUsage);
  const keys = readKeys(keysFile);
  const lines = parseImportFile(readFileSync(file, 'utf8'));
  const input = { source: basename(file), lines, keys, dryRun: values['dry-run'] };
  return withMaintenance('import-fernet', async (job) => {
    let endReport = (): void => undefined;
    try {
      const run = await job.context.get(ImportFernetService).run(job.caller, input, job.signal, (id) => {
        endReport = reportProgress(job, id, print);
      });
      return printOutcome(run, print);
    } finally {
      endReport();
    }
  });
}

function readKeys(path: string) {
  const keys = entriesOf(read(path)).map(parseFernetKey);
  const usable = keys.filter((key) => key !== null);
  if (usable.length > 0 && usable.length === keys.length) return usable;
  throw new Error(`--keys-file must hold Fernet keys (32 bytes in base64url), one per line`);
}

function read(path: string): string {
  try {
    return readPrivateFile(path);
  } catch (error) {
    throw new Error(`--keys-file: ${(error as Error).message}`, { cause: error });
  }
}
