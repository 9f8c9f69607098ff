import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeProviderKeys, processEnvironments, variablesOf } from './process-environments.mjs';
import { edgeVariables, readSettings, secretStoreVariables, workerVariables } from './settings.mjs';

const settings = readSettings({ OPENAI_API_KEY: 'sk-provider-value', LOG_LEVEL: 'debug' });
const secrets = {
  internalToken: 'internal',
  contextSigningKeys: 'signing',
  encryptionKeys: 'encryption',
  brokerToken: 'broker-token',
  fallbackToken: 'fallback-token',
  edgeStateKeys: 'state-keys',
  fingerprintKey: 'hmac-key',
  litellmMasterKey: 'master',
  litellmSaltKey: 'salt',
};
const databases = { owner: 'postgres://owner', app: 'postgres://app', litellm: 'postgres://litellm' };
const ambient = {
  PATH: '/bin',
  HTTPS_PROXY: 'http://proxy',
  AWS_SECRET_ACCESS_KEY: 'foreign',
  OPENAI_API_KEY: 'sk-provider-value',
};
const environments = processEnvironments({
  settings,
  secrets,
  urls: { databases, redis: 'redis://store' },
  ambient,
});
const sees = (name, value) => Object.values(environments[name]).some((entry) => entry.includes(value));
const whoSees = (value) => Object.keys(environments).filter((name) => sees(name, value));

test('each secret reaches only the processes that need it', () => {
  assert.deepEqual(whoSees('postgres://owner'), ['migrate']);
  assert.deepEqual(whoSees('postgres://app').sort(), [
    'api',
    'bootstrap',
    'maintenance',
    'migrate',
    'worker',
  ]);
  assert.deepEqual(whoSees('postgres://litellm').sort(), ['litellmMigrate', 'runner', 'worker']);
  assert.deepEqual(whoSees('redis://store').sort(), ['api', 'edge', 'runner', 'worker']);
  assert.deepEqual(whoSees('signing').sort(), ['edge', 'runner']);
  assert.deepEqual(whoSees('encryption').sort(), ['api', 'bootstrap', 'maintenance', 'worker']);
  assert.deepEqual(whoSees('master').sort(), ['runner', 'worker']);
  assert.deepEqual(whoSees('salt'), ['runner']);
  assert.deepEqual(whoSees('fallback-token').sort(), ['api', 'edge']);
  assert.deepEqual(whoSees('state-keys'), ['edge']);
  assert.deepEqual(whoSees('broker-token').sort(), ['api', 'runner']);
  assert.deepEqual(whoSees('hmac-key').sort(), ['api', 'maintenance', 'worker']);
});

test('the way into Infisical reaches the API, the worker and the commands on secrets only, its webhook secret the API only', () => {
  const infisical = readSettings({
    INFISICAL_CLIENT_SECRET: 'client-secret',
    INFISICAL_WEBHOOK_SECRET: 'hook-secret',
  });
  const all = processEnvironments({
    settings: infisical,
    secrets,
    urls: { databases, redis: 'redis://store' },
    ambient,
  });
  const holders = (value) =>
    Object.keys(all).filter((name) => Object.values(all[name]).some((entry) => entry.includes(value)));
  assert.deepEqual(holders('client-secret').sort(), ['api', 'maintenance', 'worker']);
  assert.deepEqual(holders('hook-secret'), ['api']);
});

test('a provider key reaches the runner only; the bootstrap sees its name and marks', () => {
  assert.deepEqual(whoSees('sk-provider-value'), ['runner']);
  const [described] = JSON.parse(environments.bootstrap.SIGNALBOX_PROVIDER_ENV);
  assert.equal(described.name, 'OPENAI_API_KEY');
  assert.equal(described.last4, 'alue');
  assert.match(described.fingerprint, /^[0-9a-f]{16}$/);
});

test('the fingerprint is the beginning of the SHA-256 of the value', () => {
  assert.equal(describeProviderKeys({ X: 'abc' })[0].fingerprint, 'ba7816bf8f01cfea');
});

test('foreign variables stay outside, and only the runner gets the proxy', () => {
  assert.deepEqual(whoSees('foreign'), []);
  assert.deepEqual(whoSees('http://proxy'), ['runner']);
});

test('what is not set is not passed on as an empty value', () => {
  assert.equal('SIGNALBOX_REDIS_PREFIX' in environments.edge, false);
  assert.equal(environments.edge.LOG_LEVEL, 'debug');
});

test('each name in the lists is a variable that gets a value once its setting is there', () => {
  const every = readSettings({
    LOG_LEVEL: 'info',
    SIGNALBOX_REDIS_PREFIX: 'sb',
    SIGNALBOX_LITELLM_HOST: '127.0.0.1',
    SIGNALBOX_ALLOW_LITELLM_VERSION: '1',
    SIGNALBOX_PRISMA_ENGINE: 'wasm',
    OPENROUTER_API_KEY: 'sk-or-value',
    ...Object.fromEntries(
      [...secretStoreVariables, ...edgeVariables, ...workerVariables].map((name) => [name, 'set']),
    ),
  });
  const all = processEnvironments({
    settings: every,
    secrets,
    urls: { databases, redis: 'redis://store' },
    ambient,
  });
  for (const [name, variables] of Object.entries(variablesOf)) {
    // The ring comes in one of two variables; the test below is about the other one.
    const missing = variables.filter((variable) => !all[name][variable]);
    assert.deepEqual(
      missing.filter((variable) => variable !== 'SIGNALBOX_ENCRYPTION_KEYS_FILE'),
      [],
      name,
    );
  }
});

test('a ring in a file replaces the one that the first start made', () => {
  const all = processEnvironments({
    settings: readSettings({ SIGNALBOX_ENCRYPTION_KEYS_FILE: '/etc/signalbox/ring' }),
    secrets,
    urls: { databases, redis: 'redis://store' },
    ambient,
  });
  for (const name of ['api', 'worker', 'bootstrap']) {
    assert.equal(all[name].SIGNALBOX_ENCRYPTION_KEYS_FILE, '/etc/signalbox/ring');
    assert.equal(all[name].SIGNALBOX_ENCRYPTION_KEYS, undefined);
  }
  for (const name of ['edge', 'runner', 'migrate'])
    assert.equal(all[name].SIGNALBOX_ENCRYPTION_KEYS_FILE, undefined);
});
