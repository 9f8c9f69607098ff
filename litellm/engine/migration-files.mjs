// The migrations that litellm-proxy-extras ships: one folder each, in name order, some with spaces in the name.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { parsePrismaSchema } from './prisma-schema.mjs';

const MAPPED_NAME = /@@map\("([^"]+)"\)/;
const MODEL_BLOCK = /^model\s+(\w+)\s*\{([\s\S]*?)^\}/gm;
const NOT_IN_TRANSACTION = /^[^-\n]*\bCONCURRENTLY\b/im;

export function readMigrations(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'migration.sql')))
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const sql = readFileSync(join(folder, name, 'migration.sql'), 'utf8');
      const checksum = createHash('sha256').update(sql).digest('hex');
      return { name, sql, checksum, isTransactional: !NOT_IN_TRANSACTION.test(sql) };
    });
}

/** The tables that must be there afterwards. */
export function expectedTables(schemaText) {
  if (parsePrismaSchema(schemaText).size === 0) throw new Error('schema.prisma names no model');
  return [...schemaText.matchAll(MODEL_BLOCK)]
    .map(([, name, body]) => MAPPED_NAME.exec(body)?.[1] ?? name)
    .sort();
}
