import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const MODULE = fileURLToPath(new URL('parent-watch.mjs', import.meta.url));
const GRANDCHILD = `
  const { onParentDeath } = await import(${JSON.stringify(MODULE)});
  onParentDeath(() => { console.log('parent gone'); process.exit(0); });
  setInterval(() => undefined, 1000);
  console.log('watching');
`;
const CHILD = `
  const { spawn } = require('node:child_process');
  spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(GRANDCHILD)}], { stdio: ['ignore', 'inherit', 'inherit'] });
`;

test('notices that the parent was killed', { timeout: 20_000 }, async () => {
  const child = spawn(process.execPath, ['-e', CHILD], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
    if (String(chunk).includes('watching')) child.kill('SIGKILL');
  });
  // The pipe ends when the last process that holds it has ended.
  await once(child.stdout, 'end');
  assert.match(output, /watching\nparent gone/);
});
