import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDiskSpace } from './disk-space.mjs';

const needs = [
  { folder: '/tmp/not/there/yet', megabytes: 600, what: 'npm packages' },
  { folder: '/usr', megabytes: 600, what: 'databases' },
];

test('what lies on one file system is added up', () => {
  const oneDisk = { freeMegabytes: () => 1000, deviceOf: () => 1 };
  assert.throws(
    () => checkDiskSpace(needs, oneDisk),
    /1\.0 GB are free, about 1\.2 GB are needed \(npm packages, databases\)/,
  );
});

test('two file systems are looked at separately', () => {
  const twoDisks = { freeMegabytes: () => 1000, deviceOf: (path) => path };
  checkDiskSpace(needs, twoDisks);
  assert.throws(
    () => checkDiskSpace(needs, { ...twoDisks, freeMegabytes: (path) => (path === '/usr' ? 100 : 1000) }),
    /at \/usr/,
  );
});

test('the real disk can be asked', () => {
  checkDiskSpace([{ folder: '/tmp', megabytes: 0, what: 'nothing' }]);
  assert.throws(
    () => checkDiskSpace([{ folder: '/tmp', megabytes: 1e12, what: 'everything' }]),
    /Free some space/,
  );
});
