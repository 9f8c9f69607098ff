import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readableTypeOid } from './postgres-adapter.mjs';

const ENGINE = fileURLToPath(new URL('query-engine', import.meta.url));

test('the executable names the engine commit that prisma-client-py 0.11.0 expects', () => {
  const { status, stdout } = spawnSync(ENGINE, ['--version'], { encoding: 'utf8' });
  assert.equal(status, 0);
  assert.equal(stdout, 'query-engine ac9d7041ed77bcc8a8dbd2ab6616b39013829574\n');
});

test('types that the adapter does not know are read as text', () => {
  assert.equal(readableTypeOid(19), 25, 'name');
  assert.equal(readableTypeOid(1003), 1009, 'name[]');
  assert.equal(readableTypeOid(2278), 25, 'void');
  for (const known of [16, 20, 25, 114, 1184, 3802, 1009, 2951, 16_384])
    assert.equal(readableTypeOid(known), known);
});
