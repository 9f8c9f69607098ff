// Brings LiteLLM's database to the schema of the installed LiteLLM, recorded exactly as `prisma migrate deploy` records it,
// so that Prisma's native engine can take over at any time.
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import { isConnectionFailure } from './connection-errors.mjs';
import { parseDatabaseUrl } from './database-url.mjs';

const require = createRequire(import.meta.url);
const { Client } = require('pg');

// The number `prisma migrate` itself locks (prisma-engines, sql-schema-connector, postgres flavour).
const PRISMA_ADVISORY_LOCK = 72707369;
const LOCK_POLL_MS = 100;
const LOCK_TIMEOUT_MS = 150_000;
const DATABASE_MISSING = '3D000';
const DATABASE_EXISTS = new Set(['42P04', '23505']);
const NO_PRIVILEGE = '42501';
const MAINTENANCE_DATABASES = ['postgres', 'template1'];
const LEDGER = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;

export const EXIT = { usage: 2, unreachable: 3, noPrivilege: 4, migrationFailed: 5, tablesMissing: 6 };

export class MigrationError extends Error {
  constructor(exitCode, message) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** @returns {Promise<{ created: boolean, applied: string[], tableCount: number }>} */
export async function migrateDatabase({ databaseUrl, migrations, tables }) {
  const created = await ensureDatabase(databaseUrl);
  const client = await connect(databaseUrl);
  try {
    await lock(client);
    const applied = await applyMissing(client, migrations);
    await verifyTables(client, tables);
    return { created, applied, tableCount: tables.length };
  } finally {
    await client.end();
  }
}

// By asking again, not by waiting: CREATE INDEX CONCURRENTLY waits for every open statement, so a session that waits
// for the lock inside one would deadlock with the session that holds it.
async function lock(client) {
  const deadline = Date.now() + LOCK_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS taken', [PRISMA_ADVISORY_LOCK]);
    if (rows[0].taken) return;
    await setTimeout(LOCK_POLL_MS);
  }
  throw new MigrationError(
    EXIT.migrationFailed,
    `another migration has held the lock for ${LOCK_TIMEOUT_MS / 1000} s`,
  );
}

async function ensureDatabase(databaseUrl) {
  const name = databaseName(databaseUrl);
  try {
    await (await connect(databaseUrl)).end();
    return false;
  } catch (error) {
    if (error.code !== DATABASE_MISSING) throw error;
  }
  const client = await connectToMaintenance(databaseUrl);
  try {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
    return true;
  } catch (error) {
    if (DATABASE_EXISTS.has(error.code)) return false;
    throw creationError(error, name);
  } finally {
    await client.end();
  }
}

function creationError(error, name) {
  if (error.code !== NO_PRIVILEGE)
    return new MigrationError(EXIT.migrationFailed, `creating database "${name}" failed: ${error.message}`);
  return new MigrationError(
    EXIT.noPrivilege,
    `database "${name}" does not exist and its role may not create it; run ALTER ROLE ... CREATEDB, or create it`,
  );
}

async function connectToMaintenance(databaseUrl) {
  for (const name of MAINTENANCE_DATABASES) {
    const url = new URL(databaseUrl);
    url.pathname = `/${name}`;
    try {
      return await connect(url.toString());
    } catch (error) {
      if (error.code !== DATABASE_MISSING && error.code !== NO_PRIVILEGE) throw error;
    }
  }
  throw new MigrationError(
    EXIT.noPrivilege,
    `cannot connect to any of ${MAINTENANCE_DATABASES.join(', ')} to create the database`,
  );
}

async function connect(databaseUrl) {
  const { host, port, poolOptions } = parseDatabaseUrl(databaseUrl);
  const client = new Client(poolOptions);
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    if (error.code !== DATABASE_MISSING && isConnectionFailure(error)) {
      throw new MigrationError(
        EXIT.unreachable,
        `no PostgreSQL server answers at ${host}:${port} (${error.code ?? error.message})`,
      );
    }
    throw error;
  }
  return client;
}

async function applyMissing(client, migrations) {
  await client.query(LEDGER);
  const { rows } = await client.query(
    'SELECT migration_name, checksum FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  );
  const done = new Map(rows.map((row) => [row.migration_name, row.checksum]));
  const missing = migrations.filter((migration) => !done.has(migration.name));
  for (const migration of missing) await applyOne(client, migration);
  return missing.map((migration) => migration.name);
}

async function applyOne(client, migration) {
  const startedAt = new Date();
  try {
    if (migration.isTransactional) await client.query('BEGIN');
    // Without parameters: the simple protocol takes a whole script.
    await client.query(migration.sql);
    await record(client, migration, startedAt);
    if (migration.isTransactional) await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw new MigrationError(EXIT.migrationFailed, `migration "${migration.name}" failed: ${error.message}`);
  }
}

// A migration that `prisma migrate` began and never finished has a row of its own; the new row stands beside it,
// marked as Prisma's own `migrate resolve` would mark the old one.
async function record(client, migration, startedAt) {
  await client.query(
    'UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = $1 AND finished_at IS NULL AND rolled_back_at IS NULL',
    [migration.name],
  );
  await client.query(
    `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, started_at, applied_steps_count)
     VALUES ($1, $2, clock_timestamp(), $3, $4, 1)`,
    [randomUUID(), migration.checksum, migration.name, startedAt],
  );
}

async function verifyTables(client, tables) {
  const { rows } = await client.query(
    "SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')",
  );
  const present = new Set(rows.map((row) => row.name));
  const missing = tables.filter((table) => !present.has(table));
  if (missing.length === 0) return;
  throw new MigrationError(
    EXIT.tablesMissing,
    `${missing.length} of ${tables.length} tables are missing although every migration is recorded: ${missing.slice(0, 5).join(', ')}`,
  );
}

function databaseName(databaseUrl) {
  return decodeURIComponent(new URL(databaseUrl).pathname.slice(1));
}
