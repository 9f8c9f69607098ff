import { prepare } from '../stack/preparation.mjs';
import { Progress, formatSeconds } from '../stack/progress.mjs';
import { readSettings } from '../stack/settings.mjs';
import { onShutdownSignals } from '../stack/shutdown-signals.mjs';
import { messageFor } from '../stack/user-error.mjs';
import { addCounts, couldNotRun, formatCounts } from './counts.mjs';

/** Sets up like `npm start`, runs the suites one after another, ends what they started and prints the counts as the last line. */
export async function runSuites(suites, toolArgs) {
  const abort = new AbortController();
  const progress = new Progress();
  const settings = readSettings(installationOnly(process.env));
  const context = {
    checkout: settings.checkout,
    settings,
    progress,
    signal: abort.signal,
    toolArgs,
    endings: [],
    environments: {},
  };
  onShutdownSignals({ stop: () => abort.abort(), hurry: () => abort.abort(), kill: () => process.exit(130) });

  let counts;
  try {
    const ready = await prepareAll(context, new Set(suites.flatMap((suite) => suite.needs)));
    counts = await runInOrder(context, suites, ready);
  } finally {
    for (const end of context.endings.reverse()) await end();
  }
  console.log(`\n${formatCounts(addCounts(counts))}`);
  if (abort.signal.aborted) process.exitCode = 130;
  else process.exitCode = counts.some(({ failed }) => failed > 0) ? 1 : 0;
}

/** A test run has its own databases and keys: only where things are installed is taken from the person's environment. */
function installationOnly(env) {
  const { SIGNALBOX_CACHE_DIR, SIGNALBOX_DATA_DIR, XDG_CACHE_HOME, SIGNALBOX_PYTHON } = env;
  return { SIGNALBOX_CACHE_DIR, SIGNALBOX_DATA_DIR, XDG_CACHE_HOME, SIGNALBOX_PYTHON };
}

/** Which preparations succeeded. A failed one does not end the run: the suites that need it count as failed. */
async function prepareAll(context, needs) {
  console.log('\n== Set-up');
  const works = prepare({ ...context, wanted: [...needs] });
  context.packages = works.packages;
  context.python = works.python;
  const ready = new Set();
  for (const [name, work] of Object.entries(works)) {
    try {
      context.environments[name] = await work;
      ready.add(name);
    } catch (error) {
      console.error(messageFor(error));
    }
  }
  return ready;
}

async function runInOrder(context, suites, ready) {
  const results = [];
  for (const suite of suites) {
    if (context.signal.aborted) break;
    const startedAtMs = performance.now();
    console.log(`\n== ${suite.title}`);
    const counts = await runOne(context, suite, ready);
    console.log(
      `== ${suite.title}: ${formatCounts(counts)} in ${formatSeconds(performance.now() - startedAtMs)}`,
    );
    results.push(counts);
  }
  return results;
}

async function runOne(context, suite, ready) {
  const missing = suite.needs.filter((need) => !ready.has(need));
  if (missing.length > 0) {
    console.error(`Not run, since its set-up failed: ${missing.join(', ')}`);
    return couldNotRun;
  }
  try {
    return await suite.run(context);
  } catch (error) {
    console.error(messageFor(error));
    return couldNotRun;
  }
}
