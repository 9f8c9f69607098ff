import { loadMigrateConfig } from '@signalbox/config';
import { migrate } from '@signalbox/database';

export async function runMigrate(print: (line: string) => void): Promise<number> {
  const { ownerDatabaseUrl, appDatabaseUrl } = loadMigrateConfig();
  const applied = await migrate({ ownerDatabaseUrl, appDatabaseUrl });
  for (const name of applied) print(`applied ${name}`);
  if (applied.length === 0) print('the schema is up to date');
  return 0;
}
