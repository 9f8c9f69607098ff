import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSupportedNode } from './node-version.mjs';
import { choosePostgres, parsePostgresVersion } from './postgres-binaries.mjs';
import { environmentKey } from './python-environment.mjs';
import { complaint, isSupportedPython } from './python.mjs';
import { parseRedisVersion } from './redis-server.mjs';
import { parseInfo } from './redis-connection.mjs';

test('Node from 20.19 on', () => {
  const versions = ['18.20.0', '20.18.9', '20.19.0', '20.20.2', '22.0.0', '100.0.0'];
  assert.deepEqual(versions.map(isSupportedNode), [false, false, true, true, true, true]);
});

test('Python from 3.10 to 3.14', () => {
  const versions = [
    [2, 12, 0],
    [3, 9, 20],
    [3, 10, 0],
    [3, 14, 1],
    [3, 15, 0],
    [4, 11, 0],
  ];
  assert.deepEqual(versions.map(isSupportedPython), [false, false, true, true, false, false]);
});

test('the complaint about Python says what was found and what to do', () => {
  const old = { executable: '/usr/bin/python3', version: [3, 9, 2], hasPip: true };
  assert.match(complaint(['python3'], [old]), /found only 3\.9\.2\. Install one .* SIGNALBOX_PYTHON/);
  assert.match(complaint(['python3'], []), /none of python3 works/);
  const bare = { executable: '/usr/bin/python3', version: [3, 12, 3], hasPip: false };
  assert.match(complaint(['python3'], [bare]), /lacks its module ensurepip.*python3\.12-venv/);
});

test('the Python environment has another name as soon as anything it is made from changes', () => {
  const base = { requirements: 'a', prismaLock: 'b', pythonMinor: '3.11', platform: 'linux-x64' };
  const changed = Object.keys(base).map((name) =>
    environmentKey(Object.assign({}, base, { [name]: 'other' })),
  );
  const keys = [environmentKey(base), ...changed];
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(environmentKey({ ...base }), keys[0]);
});

test('PostgreSQL versions as different builds print them', () => {
  assert.deepEqual(parsePostgresVersion('postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n'), {
    major: 15,
    version: '15.14',
  });
  assert.deepEqual(parsePostgresVersion('postgres (PostgreSQL) 18.4'), { major: 18, version: '18.4' });
  assert.deepEqual(parsePostgresVersion('postgres (PostgreSQL) 19beta1'), { major: 19, version: '19beta1' });
  assert.equal(parsePostgresVersion('command not found'), undefined);
});

test('the newest PostgreSQL is taken, but data that exists keeps its major version', () => {
  const found = [{ major: 15 }, { major: 17 }, { major: 14 }];
  assert.equal(choosePostgres(found, undefined).major, 17);
  assert.equal(choosePostgres(found, 15).major, 15);
  assert.equal(choosePostgres(found, 16), undefined);
});

test('Redis from 6.2 on and every Valkey', () => {
  const of = (text) => parseRedisVersion(text)?.isUsable;
  assert.equal(of('Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64 build=1'), false);
  assert.equal(of('Redis server v=6.2.5 sha=00000000:0 malloc=libc bits=64 build=1'), true);
  assert.equal(of('Valkey server v=9.1.2 sha=00000000:0 malloc=libc bits=64 build=1'), true);
  assert.equal(of('not a server'), undefined);
});

test('what a given server says about itself', () => {
  const valkey = parseInfo(
    '# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.0\r\nmaxmemory_policy:allkeys-lru\r\n',
  );
  assert.deepEqual(valkey, { version: '8.1.0', product: 'Valkey', evictionPolicy: 'allkeys-lru' });
  assert.equal(parseInfo('redis_version:7.0.15\r\n').product, 'Redis');
});
