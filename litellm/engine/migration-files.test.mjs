import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { expectedTables, readMigrations } from './migration-files.mjs';

test('reads the folders in name order, with the checksum that Prisma records', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const files = {
    '20250202_second one with spaces': 'CREATE INDEX CONCURRENTLY "i" ON "a"("b");',
    '20250101_first': '-- not CONCURRENTLY\nCREATE TABLE "a" ("b" TEXT);',
  };
  for (const [name, sql] of Object.entries(files)) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'migration.sql'), sql);
  }
  mkdirSync(join(folder, '20250303_without_a_file'));
  writeFileSync(join(folder, 'migration_lock.toml'), '');
  const migrations = readMigrations(folder);
  assert.deepEqual(
    migrations.map(({ name, isTransactional }) => [name, isTransactional]),
    [
      ['20250101_first', true],
      ['20250202_second one with spaces', false],
    ],
  );
  assert.equal(migrations[0].checksum, createHash('sha256').update(files['20250101_first']).digest('hex'));
});

test('expects a table for each model, under its mapped name', () => {
  const schema = 'model A {\n  id String\n}\n\nmodel B {\n  id String\n  @@map("b_table")\n}\n';
  assert.deepEqual(expectedTables(schema), ['A', 'b_table']);
  assert.throws(() => expectedTables('enum X { A }'));
});
