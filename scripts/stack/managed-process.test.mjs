import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ManagedProcess, restartDelayMs } from './managed-process.mjs';
import { identityOf, isAlive } from './process-identity.mjs';
import { pollUntil } from './wait.mjs';

let folder;
let managed;
const announced = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-process-'));
  announced.length = 0;
});
afterEach(async () => {
  await managed.stop({ isHurried: () => true });
  rmSync(folder, { recursive: true, force: true });
});

function manage(source, more = {}) {
  const spec = {
    name: 'sample',
    command: process.execPath,
    args: ['-e', source],
    env: process.env,
    logFile: join(folder, 'sample.log'),
    drainMs: 5_000,
    ...more,
  };
  managed = new ManagedProcess(spec, { announce: (text) => announced.push(text), onChange: () => {} });
  return managed;
}

const until = (probe) => pollUntil(probe, { timeoutMs: 10_000, intervalMs: 10 });
const log = () => readFileSync(join(folder, 'sample.log'), 'utf8');

test('a crashed process is started again, and a line says so', async () => {
  const sample = manage('console.log("up"); process.stdin.resume()');
  await sample.start();
  sample.markReady();
  const first = sample.identity;
  process.kill(first.pid, 'SIGKILL');
  assert.ok(await until(() => sample.identity && sample.identity.pid !== first.pid));
  assert.equal(sample.state, 'running');
  assert.match(announced[0], /sample ended unexpectedly \(SIGKILL\)/);
});

test('the waits between quick repeated crashes grow up to a bound', () => {
  assert.deepEqual([0, 1, 2, 3, 20].map(restartDelayMs), [100, 1000, 2000, 4000, 30_000]);
});

test('a process that ends before it was ready has failed its start: its last lines are told, it is not started again', async () => {
  const sample = manage('console.error("port is taken"); process.exit(3)');
  await sample.start();
  await assert.rejects(sample.startFailure, /sample ended while starting \(exit code 3\)[^]*port is taken/);
  assert.equal(sample.state, 'failed');
  assert.deepEqual(announced, []);
});

test('a program that is not there is a failed start too', async () => {
  const sample = manage('', { command: join(folder, 'missing') });
  await sample.start();
  await assert.rejects(sample.startFailure, /ENOENT/);
});

test('stopping lets the process drain and does not start it again', async () => {
  const sample = manage(
    'process.stdin.resume(); process.on("SIGTERM", () => { console.log("drained"); process.exit(0) }); console.log("up")',
  );
  await sample.start();
  sample.markReady();
  assert.ok(await until(() => log().includes('up')));
  const { identity } = sample;
  await sample.stop();
  assert.match(log(), /drained/);
  assert.equal(isAlive(identity), false);
  assert.equal(sample.state, 'stopped');
});

test('a process that ignores its stop signal is killed after its time, with the children it left in its group', async () => {
  const child = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' }).pid`;
  const sample = manage(
    `process.on('SIGTERM', () => {}); console.log('child', ${child}); process.stdin.resume()`,
    { drainMs: 200 },
  );
  await sample.start();
  sample.markReady();
  const childPid = await until(() => /child (\d+)/.exec(log())?.[1]);
  const grandchild = identityOf(Number(childPid));
  assert.equal(isAlive(grandchild), true);
  const { identity } = sample;
  await sample.stop();
  assert.equal(isAlive(identity), false);
  assert.ok(await until(() => !isAlive(grandchild)));
});

test('hurrying cuts a drain short', async () => {
  const sample = manage(
    `process.on('SIGTERM', () => console.log('draining')); console.log('up'); process.stdin.resume()`,
    { drainMs: 60_000 },
  );
  await sample.start();
  sample.markReady();
  assert.ok(await until(() => log().includes('up')));
  await sample.stop({ isHurried: () => log().includes('draining') });
  assert.equal(sample.state, 'stopped');
});

test('the standard input stays open while we live, so that its end can mean our end', async () => {
  const sample = manage(
    `process.stdin.on('end', () => console.log('input ended')).resume(); console.log('up'); setTimeout(() => console.log('still open'), 100)`,
  );
  await sample.start();
  sample.markReady();
  assert.ok(await until(() => log().includes('still open')));
  assert.doesNotMatch(log(), /input ended/);
});
