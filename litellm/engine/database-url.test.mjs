import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDatabaseUrl } from './database-url.mjs';

test("keeps Prisma's parameters from node-postgres and takes what they say", () => {
  const url =
    'postgresql://u:p%40ss@db:6543/litellm?connection_limit=7&pool_timeout=60&connect_timeout=3&schema=app&sslmode=disable&application_name=x';
  const { host, port, schema, poolOptions } = parseDatabaseUrl(url);
  assert.deepEqual({ host, port, schema }, { host: 'db', port: 6543, schema: 'app' });
  assert.equal(poolOptions.connectionString, 'postgresql://u:p%40ss@db:6543/litellm?application_name=x');
  assert.equal(poolOptions.max, 7);
  assert.equal(poolOptions.connectionTimeoutMillis, 3000);
  assert.equal(poolOptions.ssl, false);
});

test('has defaults', () => {
  const { host, port, schema, poolOptions } = parseDatabaseUrl('postgresql://u@db/litellm');
  assert.deepEqual(
    { host, port, schema, max: poolOptions.max },
    { host: 'db', port: 5432, schema: 'public', max: 10 },
  );
});

test('sessions are in UTC, after the options that the URL has', () => {
  assert.equal(parseDatabaseUrl('postgresql://u@db/l').poolOptions.options, '-c TimeZone=UTC');
  const url = 'postgresql://u@db/l?options=-c%20statement_timeout%3D5000';
  assert.equal(parseDatabaseUrl(url).poolOptions.options, '-c statement_timeout=5000 -c TimeZone=UTC');
});

test('encryption as Prisma understands it', () => {
  const ssl = (query) => parseDatabaseUrl(`postgresql://u@db/l?${query}`).poolOptions.ssl;
  assert.deepEqual(ssl('sslmode=require'), { rejectUnauthorized: false });
  assert.deepEqual(ssl('sslmode=require&sslaccept=strict'), { rejectUnauthorized: true });
  assert.deepEqual(ssl('sslmode=verify-full'), { rejectUnauthorized: true });
  assert.equal(ssl('sslmode=prefer'), false);
});
