// node litellm/engine/migrate.mjs --packages SITE_PACKAGES
// Reads LITELLM_DATABASE_URL. SITE_PACKAGES is the folder that holds litellm and litellm_proxy_extras.
// Exit codes: 0 done, 2 usage, 3 server unreachable, 4 not allowed to create the database, 5 a migration failed, 6 tables missing.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, migrateDatabase, MigrationError } from './migrate-database.mjs';
import { expectedTables, readMigrations } from './migration-files.mjs';

async function main() {
  const startedAt = Date.now();
  const { databaseUrl, packages } = readInput();
  const migrations = readMigrations(join(packages, 'litellm_proxy_extras', 'migrations'));
  const tables = expectedTables(readFileSync(join(packages, 'litellm', 'proxy', 'schema.prisma'), 'utf8'));
  const { created, applied, tableCount } = await migrateDatabase({ databaseUrl, migrations, tables });
  console.log(
    `litellm database: ${describe({ created, applied, migrations, startedAt })}, ${tableCount} tables`,
  );
}

// Nothing done reads the same every time: the runner logs a line only when it differs from the last one.
function describe({ created, applied, migrations, startedAt }) {
  if (!created && applied.length === 0) return 'up to date';
  const createdText = created ? 'created, ' : '';
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  return `${createdText}${applied.length} of ${migrations.length} migrations applied in ${seconds} s`;
}

function readInput() {
  const flag = process.argv.indexOf('--packages');
  const packages = flag === -1 ? undefined : process.argv[flag + 1];
  const databaseUrl = process.env.LITELLM_DATABASE_URL;
  if (!packages) throw new MigrationError(EXIT.usage, 'usage: node migrate.mjs --packages SITE_PACKAGES');
  if (!databaseUrl) throw new MigrationError(EXIT.usage, 'LITELLM_DATABASE_URL is not set');
  return { databaseUrl, packages };
}

main().catch((error) => {
  console.error(`litellm database: ${error.message || error.code}`);
  process.exitCode = error instanceof MigrationError ? error.exitCode : EXIT.migrationFailed;
});
