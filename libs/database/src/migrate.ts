import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { createDataSource } from './data-source';

/** Any fixed number; it only must differ from other users of advisory locks in the same database. */
const migrationLock = 7_346_091;
const roleAttributes = 'LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE';

export interface MigrateOptions {
  /** The owner of the database, who may create roles. */
  ownerDatabaseUrl: string;
  /** The application role and its password are taken from here. */
  appDatabaseUrl: string;
}

/** The migrations grant rights to `signalbox_app`; another login name becomes a member of that role. */
async function ensureApplicationRole(client: Client, appDatabaseUrl: string): Promise<void> {
  const { username, password } = new URL(appDatabaseUrl);
  const login = decodeURIComponent(username);
  await client.query(`DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'signalbox_app') THEN CREATE ROLE signalbox_app ${roleAttributes}; END IF;
  EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`);
  const known = await client.query(
    'SELECT rolsuper OR rolbypassrls AS unsafe FROM pg_roles WHERE rolname = $1',
    [login],
  );
  if (known.rows[0]?.unsafe) {
    throw new Error(
      `APP_DATABASE_URL names the role ${login}, which can bypass row-level security. Use another role.`,
    );
  }
  // Only a superuser may say NOSUPERUSER in ALTER ROLE, even of a role that is none; the check above has settled that.
  const verb = known.rowCount ? 'ALTER' : 'CREATE';
  const attributes = known.rowCount ? 'LOGIN NOCREATEDB NOCREATEROLE' : roleAttributes;
  const secret = password ? `PASSWORD ${escapeLiteral(decodeURIComponent(password))}` : '';
  await client.query(`${verb} ROLE ${escapeIdentifier(login)} ${attributes} ${secret}`);
  if (login !== 'signalbox_app') await client.query(`GRANT signalbox_app TO ${escapeIdentifier(login)}`);
}

/** Creates the application role and brings the schema up to date. Several at once wait for each other. */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const lockHolder = new Client({
    connectionString: options.ownerDatabaseUrl,
    application_name: 'signalbox-migrate',
  });
  await lockHolder.connect();
  const dataSource = createDataSource({
    url: options.ownerDatabaseUrl,
    applicationName: 'signalbox-migrate',
  });
  try {
    await lockHolder.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    await ensureApplicationRole(lockHolder, options.appDatabaseUrl);
    await dataSource.initialize();
    const applied = await dataSource.runMigrations({ transaction: 'all' });
    return applied.map((migration) => migration.name);
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await lockHolder.end();
  }
}
