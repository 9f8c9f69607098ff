import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { E2eStack } from '../support/e2e-stack';

const cli = join(__dirname, '..', '..', 'dist', 'apps', 'api', 'src', 'cli.js');

/** What the command says in the end; it throws when a chain is broken. */
export function verifyAudit({ facts }: E2eStack): string {
  const env = { PATH: process.env['PATH'] ?? '', APP_DATABASE_URL: facts.app_database_url };
  return execFileSync(process.execPath, [cli, 'verify-audit'], { env, encoding: 'utf8' }).trimEnd();
}
