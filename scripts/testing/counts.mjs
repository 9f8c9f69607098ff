/** What a suite came to. A suite that could not run, or ended badly without naming a failed test, counts as one failure. */
export const couldNotRun = Object.freeze({ passed: 0, failed: 1, skipped: 0 });

/** The totals that `node --test --test-reporter=tap` writes at its end. */
export function countTap(text) {
  const total = (name) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  const counts = {
    passed: total('pass'),
    failed: total('fail') + total('cancelled'),
    skipped: total('skipped') + total('todo'),
  };
  return Object.values(counts).some(Number.isNaN) ? couldNotRun : counts;
}

/** unittest ends with "Ran 12 tests in 0.1s" and "OK (skipped=1)" or "FAILED (failures=1, errors=2)". */
export function countUnittest(text) {
  const ran = /^Ran (\d+) tests? in /m.exec(text);
  if (!ran) return couldNotRun;
  const noted = (name) =>
    Number(new RegExp(`^(?:OK|FAILED) \\(.*\\b${name}=(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  const failed = noted('failures') + noted('errors') + noted('unexpected successes');
  const skipped = noted('skipped');
  // An error in a module or class set-up is counted as an error but not as a test that ran.
  return { passed: Math.max(0, Number(ran[1]) - failed - skipped), failed, skipped };
}

/** jest's --json report. A test file that does not even load has no tests and counts as one failure. */
export function countJest(report) {
  if (!report) return couldNotRun;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** A runner that fails, or runs nothing, without a failed test to show for it has still failed. */
export function withExitCode(counts, exitCode) {
  const isSilentFailure =
    (exitCode !== 0 && counts.failed === 0) || counts.passed + counts.failed + counts.skipped === 0;
  return isSilentFailure ? { ...counts, failed: counts.failed + 1 } : counts;
}

export function addCounts(list) {
  const sum = (name) => list.reduce((total, counts) => total + counts[name], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

/** The last line of a run; CI reads it. */
export function formatCounts({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
