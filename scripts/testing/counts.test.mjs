import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addCounts, countJest, countTap, countUnittest, formatCounts, withExitCode } from './counts.mjs';

test('node --test: cancelled tests have failed, todo tests were skipped', () => {
  const tap = [
    '# tests 10',
    '# suites 2',
    '# pass 5',
    '# fail 1',
    '# cancelled 1',
    '# skipped 2',
    '# todo 1',
    '# duration_ms 3',
  ].join('\n');
  assert.deepEqual(countTap(tap), { passed: 5, failed: 2, skipped: 3 });
  assert.equal(countTap('no totals at all').failed, 1);
});

test('unittest in its different endings', () => {
  const of = (ending) => countUnittest(`....\n-----\nRan 9 tests in 0.120s\n\n${ending}\n`);
  assert.deepEqual(of('OK'), { passed: 9, failed: 0, skipped: 0 });
  assert.deepEqual(of('OK (skipped=2)'), { passed: 7, failed: 0, skipped: 2 });
  assert.deepEqual(of('FAILED (failures=1, errors=2, skipped=1)'), { passed: 5, failed: 3, skipped: 1 });
  assert.equal(countUnittest('Traceback ...').failed, 1);
});

test('jest: a file that does not load counts as one failure', () => {
  const report = {
    numPassedTests: 7,
    numFailedTests: 1,
    numRuntimeErrorTestSuites: 1,
    numPendingTests: 2,
    numTodoTests: 0,
  };
  assert.deepEqual(countJest(report), { passed: 7, failed: 2, skipped: 2 });
  assert.equal(countJest(undefined).failed, 1);
});

test('a runner that fails without a failed test, or runs nothing, has failed', () => {
  const counts = { passed: 3, failed: 0, skipped: 0 };
  assert.equal(withExitCode(counts, 0).failed, 0);
  assert.equal(withExitCode(counts, 1).failed, 1);
  assert.equal(withExitCode({ ...counts, failed: 2 }, 1).failed, 2);
  assert.equal(withExitCode({ passed: 0, failed: 0, skipped: 0 }, 0).failed, 1);
});

test('the last line names skipped tests only if there are some', () => {
  const sum = addCounts([
    { passed: 2, failed: 0, skipped: 0 },
    { passed: 3, failed: 1, skipped: 0 },
  ]);
  assert.equal(formatCounts(sum), '5 passed, 1 failed');
  assert.equal(formatCounts({ ...sum, skipped: 2 }), '5 passed, 1 failed, 2 skipped');
});
