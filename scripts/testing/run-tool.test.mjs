import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runTool, toolEnvironment } from './run-tool.mjs';

const { signal } = new AbortController();
const run = (source, more = {}) =>
  runTool(process.execPath, ['-e', source], { env: toolEnvironment(), signal, isQuiet: true, ...more });

test('a failing tool is an exit code with its output, not an error', async () => {
  const { exitCode, output } = await run('console.log("out"); console.error("err"); process.exit(3)');
  assert.equal(exitCode, 3);
  assert.match(output, /out/);
  assert.match(output, /err/);
});

test('a tool that is not there has failed', async () => {
  const { exitCode, output } = await runTool('/missing/tool', [], { env: {}, signal, isQuiet: true });
  assert.equal(exitCode, 1);
  assert.match(output, /ENOENT/);
});

test('a jest that cannot end is ended and has failed', async () => {
  const hanging =
    'console.error("Jest did not exit one second after the test run has completed."); setInterval(() => {}, 1000)';
  const { exitCode, output } = await run(hanging, { hangMs: 50 });
  assert.equal(exitCode, 1);
  assert.match(output, /counts as failed/);
});

test('a jest that ends late has not failed', async () => {
  const late =
    'console.error("Jest did not exit one second after the test run has completed."); setTimeout(() => {}, 100)';
  assert.equal((await run(late)).exitCode, 0);
});

test('aborting ends the tool', async () => {
  const abort = new AbortController();
  const running = run('setInterval(() => {}, 1000)', { signal: abort.signal });
  abort.abort();
  await assert.rejects(running, { name: 'AbortError' });
});

test('tools do not get the keys and databases of the person who runs them', () => {
  process.env.DATABASE_URL = 'postgres://mine';
  try {
    assert.equal('DATABASE_URL' in toolEnvironment(), false);
    assert.equal(toolEnvironment({ TEST_REDIS_URL: 'redis://test' }).TEST_REDIS_URL, 'redis://test');
  } finally {
    delete process.env.DATABASE_URL;
  }
});
