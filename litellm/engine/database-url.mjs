// Prisma's connection URLs carry parameters of Prisma's own pool, which node-postgres must not see.

const DEFAULT_CONNECTION_LIMIT = 10;
const DEFAULT_CONNECT_TIMEOUT_SECONDS = 5;
const PRISMA_PARAMETERS = [
  'connection_limit',
  'pool_timeout',
  'connect_timeout',
  'socket_timeout',
  'schema',
  'pgbouncer',
  'statement_cache_size',
  'max_idle_connection_lifetime',
  'max_connection_lifetime',
  'sslaccept',
  'sslmode',
  'sslcert',
  'sslidentity',
  'sslpassword',
];
const ENCRYPTED_MODES = new Set(['require', 'verify-ca', 'verify-full']);

export function parseDatabaseUrl(text) {
  const url = new URL(text);
  const parameter = (name) => url.searchParams.get(name);
  const poolOptions = {
    max: toPositiveInteger(parameter('connection_limit'), DEFAULT_CONNECTION_LIMIT),
    connectionTimeoutMillis:
      toPositiveInteger(parameter('connect_timeout'), DEFAULT_CONNECT_TIMEOUT_SECONDS) * 1000,
    ssl: toSsl(parameter('sslmode'), parameter('sslaccept')),
  };
  const schema = parameter('schema') ?? 'public';
  const serverOptions = parameter('options');
  for (const name of PRISMA_PARAMETERS) url.searchParams.delete(name);
  url.searchParams.delete('options');
  // The adapter cuts the zone off a timestamptz (adapter-pg 5.17, normalize_timestampz), so sessions must be in UTC.
  const options = [serverOptions, '-c TimeZone=UTC'].filter(Boolean).join(' ');
  return {
    host: url.hostname || 'localhost',
    port: Number(url.port || 5432),
    schema,
    poolOptions: { ...poolOptions, connectionString: url.toString(), options },
  };
}

function toSsl(mode, accept) {
  if (!ENCRYPTED_MODES.has(mode)) return false;
  return { rejectUnauthorized: accept === 'strict' || mode !== 'require' };
}

function toPositiveInteger(text, fallback) {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? value : fallback;
}
