import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Stamp, hashFiles, listFiles } from './stamp.mjs';

let folder;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'signalbox-stamp-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name, text) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

test('a stamp matches only the inputs that it was written with', () => {
  const stamp = new Stamp(join(folder, 'stamp.json'));
  assert.equal(stamp.matches({ lock: 'a' }), false);
  stamp.write({ lock: 'a' });
  assert.equal(stamp.matches({ lock: 'a' }), true);
  assert.equal(stamp.matches({ lock: 'b' }), false);
  stamp.clear();
  assert.equal(stamp.exists(), false);
});

test('the hash changes with a content, a name and a border between files, not with the order', () => {
  const one = write('a.ts', 'xy');
  const two = write('b.ts', 'z');
  const hash = hashFiles([one, two], folder);
  assert.equal(hashFiles([two, one], folder), hash);
  write('a.ts', 'x');
  write('b.ts', 'yz');
  assert.notEqual(hashFiles([one, two], folder), hash);
  assert.notEqual(hashFiles([write('a.ts', 'xy'), write('c.ts', 'z')], folder), hash);
});

test('files are found in all folders but node_modules; a missing folder has none', () => {
  for (const name of ['deep', 'node_modules']) mkdirSync(join(folder, name));
  const wanted = [write('a.ts', ''), write('deep/b.ts', '')];
  write('node_modules/c.ts', '');
  write('deep/d.txt', '');
  assert.deepEqual(listFiles(folder, (path) => path.endsWith('.ts')).sort(), wanted.sort());
  assert.deepEqual(
    listFiles(join(folder, 'missing'), () => true),
    [],
  );
});
