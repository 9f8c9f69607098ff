import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { runCommand } from './command.mjs';
import { identityOf, isAlive } from './process-identity.mjs';

let folder;
let logFile;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-command-'));
  logFile = join(folder, 'logs', 'command.log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const runNode = (source, more = {}) =>
  runCommand(process.execPath, ['-e', source], { what: 'The command', env: process.env, logFile, ...more });

test('its output is returned and logged in a file of its own mode', async () => {
  assert.equal(await runNode('process.stdout.write("out"); process.stderr.write("err")'), 'out');
  assert.match(readFileSync(logFile, 'utf8'), /out/);
  assert.match(readFileSync(logFile, 'utf8'), /err/);
  assert.equal(statSync(logFile).mode & 0o777, 0o600);
});

test('a failure tells what failed, what to do and the last lines', async () => {
  const failing = runNode('for (let i = 0; i < 50; i++) console.error("line", i); process.exit(4)', {
    advice: 'Do this.',
  });
  await assert.rejects(failing, (error) => {
    assert.match(error.message, /^The command failed \(exit code 4\)\. Do this\.\nWhat it said:\n/);
    assert.match(error.message, /line 49/);
    assert.doesNotMatch(error.message, /line 30/);
    return true;
  });
});

test('a full disk is named as such', async () => {
  await assert.rejects(
    runNode('console.error("[Errno 28] No space left on device"); process.exit(1)'),
    /because the disk is full/,
  );
});

test('a program that is not there is named', async () => {
  await assert.rejects(
    runCommand(join(folder, 'missing'), [], { what: 'The command', env: {} }),
    /could not be started/,
  );
});

test('aborting ends it and what it started', async () => {
  const abort = new AbortController();
  const source = `const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' }); console.log(process.pid + ' ' + child.pid); process.stdin.resume(); setInterval(() => {}, 1000)`;
  let identities;
  const onLine = (line) => {
    identities = line.split(' ').map(Number).map(identityOf);
    abort.abort();
  };
  await assert.rejects(runNode(source, { signal: abort.signal, onLine }), { name: 'AbortError' });
  assert.deepEqual(identities.map(isAlive), [false, false]);
});
