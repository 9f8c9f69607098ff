import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { lockHolder, tryLock, waitForLock } from './file-lock.mjs';
import { identityOf } from './process-identity.mjs';

let folder;
let path;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-lock-'));
  path = join(folder, 'start.lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a held lock is refused and names its holder; a released one is free', () => {
  const release = tryLock(path);
  assert.equal(tryLock(path), undefined);
  assert.equal(lockHolder(path).pid, process.pid);
  release();
  assert.equal(lockHolder(path), undefined);
  assert.ok(tryLock(path));
});

test('the lock of a process that has ended is taken over, and nothing is left beside it', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
  const identity = identityOf(child.pid);
  writeFileSync(path, JSON.stringify(identity));
  assert.equal(tryLock(path), undefined);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.ok(tryLock(path));
  assert.deepEqual(readdirSync(folder), ['start.lock']);
});

test('the lock of a process whose pid is now another one is taken over', () => {
  writeFileSync(path, JSON.stringify({ pid: process.pid, startedAt: 'earlier' }));
  assert.ok(tryLock(path));
});

test('an old release does not take away the lock of a new holder', () => {
  const releaseOld = tryLock(path);
  rmSync(path);
  const releaseNew = tryLock(path);
  releaseOld();
  assert.equal(lockHolder(path).pid, process.pid);
  releaseNew();
});

test('who waits is told once for whom, and gets the lock when it is free', async () => {
  const release = tryLock(path);
  const told = [];
  const waiting = waitForLock(path, { onWait: (pid) => told.push(pid) });
  release();
  assert.ok(await waiting);
  assert.deepEqual(told, [process.pid]);
});
