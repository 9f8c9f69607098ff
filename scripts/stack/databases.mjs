import { databaseOf, describeUrl, serverVersion, withClient, withDatabase } from './postgres-connection.mjs';
import { adminRole } from './postgres-server.mjs';
import { scramVerifier } from './scram.mjs';
import { UserError } from './user-error.mjs';

const missingDatabase = '3D000';
const wrongLogin = new Set(['28P01', '28000']);
const noPrivilege = '42501';
const alreadyThere = new Set(['42710', '42P04', '23505']); // also when another start was quicker
const oldestMajor = 14;

function urlFor(server, role, password, database) {
  const url = new URL(server);
  url.username = role;
  url.password = password;
  url.pathname = `/${database}`;
  return url.toString();
}

/** The URLs of our own server, for each role. */
export function ownDatabaseUrls({ port, secrets }) {
  const server = `postgresql://127.0.0.1:${port}`;
  return {
    admin: urlFor(server, adminRole, secrets.postgresAdminPassword, 'postgres'),
    owner: urlFor(server, 'signalbox_owner', secrets.ownerDatabasePassword, 'signalbox'),
    app: urlFor(server, 'signalbox_app', secrets.appDatabasePassword, 'signalbox'),
    litellm: urlFor(server, 'litellm', secrets.litellmDatabasePassword, 'litellm'),
  };
}

/** The URLs on a server that was given by DATABASE_URL: what is not given is derived from it. */
export function givenDatabaseUrls({ given, secrets }) {
  const { databaseUrl } = given;
  return {
    owner: databaseUrl,
    app:
      given.appDatabaseUrl ??
      urlFor(databaseUrl, 'signalbox_app', secrets.appDatabasePassword, databaseOf(databaseUrl)),
    litellm:
      given.litellmDatabaseUrl ?? urlFor(databaseUrl, 'litellm', secrets.litellmDatabasePassword, 'litellm'),
  };
}

/**
 * On our own server: the owner of the database "signalbox" (it may make the application role), and the role and database of
 * LiteLLM, which may be dropped and made again by that role (CREATEDB).
 */
export async function ensureOwnDatabases({ urls, secrets }) {
  await withClient(urls.admin, async (client) => {
    await ensureRole(client, {
      name: 'signalbox_owner',
      password: secrets.ownerDatabasePassword,
      attributes: 'CREATEROLE',
    });
    await ensureRole(client, {
      name: 'litellm',
      password: secrets.litellmDatabasePassword,
      attributes: 'CREATEDB',
    });
    await ensureDatabase(client, { name: 'signalbox', owner: 'signalbox_owner' });
    await ensureDatabase(client, { name: 'litellm', owner: 'litellm' });
  });
}

/** On a given server: the database of DATABASE_URL, and LiteLLM's role and database as far as that login may make them. */
export async function ensureGivenDatabases({ urls, given, secrets }) {
  const version = await ensureReachable(urls.owner);
  if (Number.parseInt(version, 10) < oldestMajor) {
    throw new UserError(
      `The server of DATABASE_URL is PostgreSQL ${version}; ${oldestMajor} or newer is needed.`,
    );
  }
  if (await canConnect(urls.litellm, 'LITELLM_DATABASE_URL')) return version;
  if (!given.litellmDatabaseUrl) await makeLitellmRole({ urls, secrets });
  await makeOwnDatabase(urls.litellm);
  return version;
}

async function ensureReachable(url) {
  try {
    return await withClient(url, serverVersion);
  } catch (error) {
    if (error.code !== missingDatabase) throw connectionError('DATABASE_URL', url, error);
  }
  await makeOwnDatabase(url);
  return withClient(url, serverVersion);
}

async function canConnect(url, variable) {
  try {
    await withClient(url, async () => undefined);
    return true;
  } catch (error) {
    if (error.code === missingDatabase || wrongLogin.has(error.code)) return false;
    throw connectionError(variable, url, error);
  }
}

async function makeLitellmRole({ urls, secrets }) {
  const advice =
    'Make a role and a database for LiteLLM (CREATE ROLE litellm LOGIN CREATEDB PASSWORD ...; CREATE DATABASE litellm OWNER litellm) and name them in LITELLM_DATABASE_URL.';
  await withClient(urls.owner, async (client) => {
    try {
      await ensureRole(client, {
        name: 'litellm',
        password: secrets.litellmDatabasePassword,
        attributes: 'CREATEDB',
      });
    } catch (error) {
      if (error.code !== noPrivilege) throw error;
      throw new UserError(
        `The login of DATABASE_URL may not create the role "litellm" (it needs CREATEROLE and CREATEDB). ${advice}`,
      );
    }
  });
  // The role may belong to someone else. Changing its password could stop another program, so it is left alone.
  const maintenance = withDatabase(urls.litellm, 'postgres');
  try {
    await withClient(maintenance, async () => undefined);
  } catch (error) {
    if (!wrongLogin.has(error.code)) throw connectionError('DATABASE_URL', maintenance, error);
    throw new UserError(
      `The server of DATABASE_URL has a role "litellm" with a password that is not ours; it is left alone. ${advice}`,
    );
  }
}

/** Makes the database that the URL names, by its own role, which so owns it. */
async function makeOwnDatabase(url) {
  const name = databaseOf(url);
  try {
    await withClient(withDatabase(url, 'postgres'), (client) => ensureDatabase(client, { name }));
  } catch (error) {
    if (error.code !== noPrivilege) throw connectionError('the database URL', url, error);
    throw new UserError(
      `The database "${name}" is missing, and its login may not create it. Create it: CREATE DATABASE ${name} OWNER ${new URL(url).username};`,
    );
  }
}

async function ensureRole(client, { name, password, attributes }) {
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name]);
  if (rowCount > 0) return;
  const verifier = client.escapeLiteral(scramVerifier(password));
  await tolerateExisting(
    client.query(`CREATE ROLE ${client.escapeIdentifier(name)} LOGIN ${attributes} PASSWORD ${verifier}`),
  );
}

async function ensureDatabase(client, { name, owner }) {
  const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
  if (rowCount > 0) return;
  const ownerClause = owner ? ` OWNER ${client.escapeIdentifier(owner)}` : '';
  await tolerateExisting(client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}${ownerClause}`));
}

async function tolerateExisting(query) {
  try {
    await query;
  } catch (error) {
    if (!alreadyThere.has(error.code)) throw error;
  }
}

function connectionError(variable, url, error) {
  if (error instanceof UserError) return error;
  const reason = error.message || error.code;
  return new UserError(
    `PostgreSQL at ${describeUrl(url)} (${variable}) cannot be used: ${reason}. Correct ${variable}, or unset DATABASE_URL to let npm start run its own server.`,
  );
}
