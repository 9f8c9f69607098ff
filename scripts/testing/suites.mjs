import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJsonFile } from '../stack/atomic-file.mjs';
import { npmCommand } from '../stack/npm-packages.mjs';
import { formatSeconds } from '../stack/progress.mjs';
import { listFiles } from '../stack/stamp.mjs';
import { checks } from './checks.mjs';
import { addCounts, countJest, countTap, countUnittest, couldNotRun, withExitCode } from './counts.mjs';
import { runTool, toolEnvironment } from './run-tool.mjs';
import { startTestStack } from './test-stack.mjs';
import { startTestStores } from './test-stores.mjs';

/**
 * The suites in the order in which they run, the quick ones first. `needs` names the preparations (packages, build, python)
 * without which a suite cannot run; `run(context)` returns its counts.
 */
export const suites = [
  { name: 'checks', title: 'Checks', needs: ['packages'], run: runChecks },
  {
    name: 'scripts',
    title: 'Scripts (node --test)',
    needs: ['packages'],
    run: (context) => runNodeTests(context, 'scripts'),
  },
  {
    name: 'engine',
    title: 'Database engine (node --test)',
    needs: ['packages'],
    run: (context) => runNodeTests(context, 'litellm'),
  },
  { name: 'python', title: 'Python (unittest)', needs: ['packages', 'python'], run: runPythonTests },
  { name: 'unit', title: 'Unit (jest)', needs: ['packages'], run: (context) => runJest(context, 'unit', {}) },
  {
    name: 'integration',
    title: 'Integration (jest, PostgreSQL and Valkey)',
    needs: ['packages', 'python'],
    run: runIntegrationTests,
  },
  {
    name: 'e2e',
    title: 'End to end (jest, the whole stack)',
    needs: ['packages', 'build', 'python'],
    run: runEndToEndTests,
  },
];

async function runChecks({ checkout, signal }) {
  const results = [];
  const { file, leadingArgs } = npmCommand();
  for (const name of checks) {
    const startedAtMs = performance.now();
    const args = [...leadingArgs, 'run', '--silent', name];
    const { exitCode, output } = await runTool(file, args, {
      env: toolEnvironment(),
      cwd: checkout,
      signal,
      isQuiet: true,
    });
    const isPassed = exitCode === 0;
    console.log(`  ${isPassed ? '✓' : '✗'} ${name}  ${formatSeconds(performance.now() - startedAtMs)}`);
    if (!isPassed) console.log(output.trimEnd().replace(/^/gm, '    '));
    results.push({ passed: isPassed ? 1 : 0, failed: isPassed ? 0 : 1, skipped: 0 });
  }
  return addCounts(results);
}

async function runNodeTests({ checkout, signal }, folder) {
  const files = listFiles(join(checkout, folder), (path) => path.endsWith('.test.mjs'));
  if (files.length === 0) return couldNotRun;
  return withResultFile('tap', async (resultFile) => {
    const shown = ['--test-reporter=spec', '--test-reporter-destination=stdout'];
    const counted = ['--test-reporter=tap', `--test-reporter-destination=${resultFile}`];
    const args = ['--test', ...shown, ...counted, ...files];
    const { exitCode } = await runTool(process.execPath, args, {
      env: toolEnvironment(),
      cwd: checkout,
      signal,
    });
    return withExitCode(countTap(readFileSync(resultFile, 'utf8')), exitCode);
  });
}

async function runPythonTests({ checkout, signal, environments }) {
  const env = toolEnvironment({ PYTHONDONTWRITEBYTECODE: '1' });
  const args = ['-m', 'unittest', 'discover', '-s', 'litellm', '-t', 'litellm', '-p', 'test_*.py'];
  const { exitCode, output } = await runTool(environments.python.executable, args, {
    env,
    cwd: checkout,
    signal,
  });
  return withExitCode(countUnittest(output), exitCode);
}

/** The stores are ended at the end of the run, with everything else that was started. */
async function runIntegrationTests(context) {
  const stores = await startTestStores(context);
  context.endings.push(stores.stop);
  // They wait more than they compute, and share nothing.
  const workers = Math.max(2, availableParallelism() - 1);
  return runJest(context, 'integration', stores.environment, [`--maxWorkers=${workers}`]);
}

async function runEndToEndTests(context) {
  return withTestStack(context, { name: 'e2e', isDurable: false }, (environment) =>
    runJest(context, 'e2e', environment, ['--runInBand']),
  );
}

/** Runs something against a whole stack, which is ended afterwards. Figures are only true of one that is durable. */
export async function withTestStack(context, { name, isDurable, more }, run) {
  const { progress } = context;
  const { start, stop, keepLogs } = await startTestStack({ name, isDurable, progress, more });
  context.endings.push(stop);
  context.signal.addEventListener('abort', () => void stop(), { once: true });
  let counts;
  try {
    counts = await run(await start());
    return counts;
  } finally {
    if (counts?.failed !== 0) keepLogs();
    await stop();
  }
}

/** One of the projects of jest.config.cjs. */
export async function runJest({ checkout, signal, toolArgs }, project, environment, moreArgs = []) {
  return withResultFile('json', async (resultFile) => {
    const jest = join(checkout, 'node_modules', 'jest', 'bin', 'jest.js');
    const args = [
      jest,
      '--selectProjects',
      project,
      '--json',
      `--outputFile=${resultFile}`,
      ...moreArgs,
      ...toolArgs,
    ];
    const { exitCode } = await runTool(process.execPath, args, {
      env: toolEnvironment(environment),
      cwd: checkout,
      signal,
    });
    return withExitCode(countJest(readJsonFile(resultFile)), exitCode);
  });
}

async function withResultFile(extension, run) {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-result-'));
  try {
    return await run(join(folder, `result.${extension}`));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
