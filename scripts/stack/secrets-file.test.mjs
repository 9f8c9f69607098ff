import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ensureSecrets } from './secrets-file.mjs';

let folder;
let path;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-secrets-'));
  path = join(folder, 'data', 'secrets.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (file) => statSync(file).mode & 0o777;

test('the first start makes secrets that only their owner can read, the second keeps them', () => {
  const first = ensureSecrets(path);
  assert.equal(modeOf(path), 0o600);
  assert.deepEqual(ensureSecrets(path), first);
  const values = Object.values(first);
  assert.equal(new Set(values).size, values.length);
});

test('keys have the forms that the processes demand', () => {
  const secrets = ensureSecrets(path);
  assert.match(secrets.litellmMasterKey, /^sk-.{40,}$/);
  for (const ring of [secrets.contextSigningKeys, secrets.encryptionKeys]) {
    const [kid, encoded] = ring.split(':');
    assert.equal(kid, 'k1');
    assert.equal(Buffer.from(encoded, 'base64url').length, 32);
  }
});

test('a secret that a newer version needs is added, those that exist stay', () => {
  const first = ensureSecrets(path);
  const newer = ['brokerToken', 'fingerprintKey'];
  const older = Object.fromEntries(Object.entries(first).filter(([name]) => !newer.includes(name)));
  writeFileSync(path, JSON.stringify(older));
  const second = ensureSecrets(path);
  assert.deepEqual({ ...second, ...older }, second);
  for (const name of newer) assert.match(second[name], /^[A-Za-z0-9_-]{43}$/);
  assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), second);
});

test('a file that others can read is closed again', () => {
  ensureSecrets(path);
  chmodSync(path, 0o644);
  ensureSecrets(path);
  assert.equal(modeOf(path), 0o600);
});

test('a damaged file is an error and is not overwritten', () => {
  ensureSecrets(path);
  writeFileSync(path, '{"internalToken": "abc');
  assert.throws(() => ensureSecrets(path), /is damaged/);
  assert.equal(readFileSync(path, 'utf8'), '{"internalToken": "abc');
});
