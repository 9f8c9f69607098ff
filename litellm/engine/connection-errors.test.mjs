import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isConnectionFailure, isConnectionFailureText, unreachableError } from './connection-errors.mjs';

const FAILURES = [
  { code: 'ECONNREFUSED' },
  { code: 'ECONNRESET' },
  { code: '57P01', message: 'terminating connection due to administrator command' },
  { code: '57P03', message: 'the database system is starting up' },
  { code: '3D000', message: 'database "litellm" does not exist' },
  { code: '08006' },
  new Error('Connection terminated unexpectedly'),
  new Error('timeout exceeded when trying to connect'),
  { errors: [{ code: 'ECONNREFUSED' }, { code: 'ECONNREFUSED' }] },
];
const OTHERS = [
  undefined,
  null,
  'text',
  {},
  { code: '23505' },
  { code: '42P01' },
  { code: '28P01' },
  new Error('division by zero'),
];

test('knows every way in which the database is not there', () => {
  for (const error of FAILURES) assert.equal(isConnectionFailure(error), true, JSON.stringify(error));
});

test('takes no other error for one', () => {
  for (const error of OTHERS) assert.equal(isConnectionFailure(error), false, JSON.stringify(error));
});

test('reads the kind that the engine prints where it gives no code', () => {
  assert.equal(
    isConnectionFailureText(
      'ConnectorError { user_facing_error: None, kind: ConnectionError(Database does not exist: x) }',
    ),
    true,
  );
  assert.equal(
    isConnectionFailureText('ConnectorError { user_facing_error: None, kind: QueryError(...) }'),
    false,
  );
});

test('reads like P1001, in the words that LiteLLM looks for', () => {
  const { user_facing_error: facing } = unreachableError({ host: 'db', port: 5432 });
  assert.match(facing.message, /^Can't reach database server at `db`:`5432`/);
  assert.equal(facing.error_code, 'P1001');
  assert.deepEqual(facing.meta, { database_host: 'db', database_port: 5432 });
});
