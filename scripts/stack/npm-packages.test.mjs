import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesLock, npmCommand } from './npm-packages.mjs';

const lock = {
  packages: {
    '': { name: 'signalbox' },
    'node_modules/pg': { version: '8.0.0' },
    'node_modules/binary-of-another-platform': { version: '1.0.0', optional: true },
  },
};

test('an installation by hand counts if each package has its version; optional ones may be missing', () => {
  assert.equal(matchesLock(lock, { 'node_modules/pg': { version: '8.0.0' } }), true);
  assert.equal(matchesLock(lock, { 'node_modules/pg': { version: '8.0.1' } }), false);
  assert.equal(matchesLock(lock, {}), false);
});

test('the npm that runs us is used, but not another package manager that set the same variable', () => {
  assert.deepEqual(npmCommand({ npm_execpath: '/lib/npm-cli.js' }).leadingArgs, ['/lib/npm-cli.js']);
  assert.deepEqual(npmCommand({ npm_execpath: '/lib/yarn.js' }), { file: 'npm', leadingArgs: [] });
  assert.deepEqual(npmCommand({}), { file: 'npm', leadingArgs: [] });
});
