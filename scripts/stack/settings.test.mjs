import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPorts, readSettings } from './settings.mjs';

test('every default port moves by the offset', () => {
  assert.equal(readPorts({}).edge, 4000);
  const moved = readPorts({ SIGNALBOX_PORT_OFFSET: '3000' });
  assert.deepEqual([moved.edge, moved.api, moved.worker], [7000, 7010, 7017]);
});

test('an explicit port wins over the offset', () => {
  assert.equal(readPorts({ SIGNALBOX_PORT_OFFSET: '3000', SIGNALBOX_EDGE_PORT: '8080' }).edge, 8080);
});

test('two processes on one port are refused by both names', () => {
  assert.throws(
    () => readPorts({ SIGNALBOX_EDGE_PORT: '4010' }),
    /SIGNALBOX_API_PORT and SIGNALBOX_EDGE_PORT are both port 4010/,
  );
});

for (const text of ['0', '65536', '-1', '40x', '4000.5', ' 4000']) {
  test(`"${text}" is no port`, () => {
    assert.throws(() => readPorts({ SIGNALBOX_EDGE_PORT: text }), /SIGNALBOX_EDGE_PORT/);
  });
}

test('a wrong URL is refused without repeating it, since it may hold a password', () => {
  assert.throws(
    () => readSettings({ DATABASE_URL: 'mysql://user:hunter2@host/db' }),
    (error) =>
      /DATABASE_URL must be a URL that starts with postgres:/.test(error.message) &&
      !error.message.includes('hunter2'),
  );
});

test('only known provider keys that have a value are taken', () => {
  const { providerKeys } = readSettings({ OPENAI_API_KEY: 'a', GROQ_API_KEY: '', OTHER_API_KEY: 'b' });
  assert.deepEqual(providerKeys, { OPENAI_API_KEY: 'a' });
});

test('processes that listen on all interfaces are reached on the loopback address', () => {
  assert.equal(readSettings({ SIGNALBOX_HOST: '0.0.0.0' }).urls.edge, 'http://127.0.0.1:4000');
  assert.equal(readSettings({ SIGNALBOX_HOST: '::1' }).urls.edge, 'http://[::1]:4000');
});

test('the data folder is in the checkout, the cache in the home of the user, unless said otherwise', () => {
  const settings = readSettings({ XDG_CACHE_HOME: '/caches' }, '/code');
  assert.equal(settings.dataDir, '/code/.signalbox');
  assert.equal(settings.cacheDir, '/caches/signalbox');
  assert.equal(readSettings({ SIGNALBOX_DATA_DIR: '/data' }, '/code').files.secrets, '/data/secrets.json');
});
