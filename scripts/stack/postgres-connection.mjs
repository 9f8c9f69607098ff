import { UserError } from './user-error.mjs';
import { pollUntil } from './wait.mjs';

/** Loaded late: at the first start the npm packages are not there yet when this file is read. */
async function loadClient() {
  const { default: pg } = await import('pg');
  return pg.Client;
}

/** Runs `work(client)` on a connection of its own. */
export async function withClient(url, work) {
  const Client = await loadClient();
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    application_name: 'signalbox start',
  });
  client.on('error', () => {}); // a lost connection fails the query in flight, which reports it
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const notYet = new Set(['ECONNREFUSED', 'ECONNRESET', '57P03']); // 57P03: "the database system is starting up"

/** Waits until the server takes connections; other errors (a wrong password, ...) are thrown at once. */
export async function waitForPostgres(url, { timeoutMs, signal }) {
  const version = await pollUntil(
    async () => {
      try {
        return await withClient(url, serverVersion);
      } catch (error) {
        if (notYet.has(error.code)) return undefined;
        throw error;
      }
    },
    { timeoutMs, signal },
  );
  if (version) return version;
  throw new UserError(`PostgreSQL did not take connections within ${timeoutMs / 1000} s.`);
}

export async function serverVersion(client) {
  const { rows } = await client.query('SHOW server_version');
  return rows[0].server_version.split(' ')[0];
}

/** The same server and role, another database. */
export function withDatabase(url, database) {
  const other = new URL(url);
  other.pathname = `/${encodeURIComponent(database)}`;
  return other.toString();
}

export function databaseOf(url) {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

/** Host, port and database, for a message; never the password. */
export function describeUrl(url) {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || 5432}${pathname}`;
}
