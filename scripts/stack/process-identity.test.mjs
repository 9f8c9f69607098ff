import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { commandLineOf, identityOf, isAlive, parseProcStat } from './process-identity.mjs';

test('a process keeps its identity while it lives and loses it when it ends', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()', 'a-marker']);
  const identity = identityOf(child.pid);
  assert.deepEqual(identityOf(child.pid), identity);
  assert.equal(isAlive(identity), true);
  assert.match(commandLineOf(child.pid), /a-marker/);
  assert.equal(isAlive({ ...identity, startedAt: 'another time' }), false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(isAlive(identity), false);
  assert.equal(isAlive(undefined), false);
});

test('a program name with brackets and spaces does not shift the fields', () => {
  const fields = ['S', ...Array.from({ length: 18 }, (_, index) => index), '4711', '0'];
  assert.deepEqual(parseProcStat(`42 (a) b) ${fields.join(' ')}`), { state: 'S', startTicks: '4711' });
});
