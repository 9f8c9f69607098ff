import { delimiter, dirname, join } from 'node:path';
import { runCommand } from './command.mjs';
import { fetchJson, waitForOk } from './health.mjs';
import { UserError } from './user-error.mjs';
import { pollUntil } from './wait.mjs';

const startMs = 90_000;
/** LiteLLM alone takes about 20 s on two idle cores. */
const litellmStartMs = 300_000;
const stuckMs = 10_000;

function logOf({ settings }, name) {
  return join(settings.files.logs, `${name}.log`);
}

function runOnce(context, { name, args, env, what, advice }) {
  return runCommand(process.execPath, args, {
    what,
    advice,
    env,
    cwd: context.settings.checkout,
    logFile: logOf(context, name),
    signal: context.signal,
  });
}

function cliOf({ settings }) {
  return join(settings.checkout, 'dist', 'apps', 'api', 'src', 'cli.js');
}

export function migrate(context, env) {
  return context.progress.step('Database migrations', () =>
    runOnce(context, {
      name: 'migrate',
      args: [cliOf(context), 'migrate'],
      env,
      what: 'Migrating the database of Signalbox',
    }),
  );
}

/** Makes the first organization, workspace, demo model, service token and virtual key; does nothing where they exist. */
export function bootstrap(context, env) {
  return context.progress.step('First contents', () =>
    runOnce(context, {
      name: 'bootstrap',
      args: [cliOf(context), 'bootstrap'],
      env,
      what: 'Making the first contents (bootstrap)',
    }),
  );
}

export function migrateLitellm(context, env, python) {
  const script = join(context.settings.checkout, 'litellm', 'engine', 'migrate.mjs');
  return context.progress.step('LiteLLM migrations', () =>
    runOnce(context, {
      name: 'litellm-migrate',
      args: [script, '--packages', python.sitePackages],
      env,
      what: 'Migrating the database of LiteLLM',
    }),
  );
}

/** apps/NAME, started and answering on its health address. */
export function startApp(context, name, env, healthUrl) {
  const spec = {
    name,
    command: process.execPath,
    args: [join(context.settings.checkout, 'dist', 'apps', name, 'src', 'main.js')],
    env,
    cwd: context.settings.checkout,
    logFile: logOf(context, name),
    // The edge gives streams 25 s, and its workers a little more to bring their last usage events away.
    drainMs: name === 'edge' ? 32_000 : 20_000,
  };
  const wait = () =>
    waitForOk(healthUrl, { name, logFile: spec.logFile, timeoutMs: startMs, signal: context.signal });
  return context.progress.step(name, () => context.supervisor.start(spec, wait));
}

/** The runner answers at once; LiteLLM, its child, takes much longer and is waited for separately. */
export function startRunner(context, env, python) {
  const { settings } = context;
  const spec = {
    name: 'runner',
    command: python.executable,
    args: [join(settings.checkout, 'litellm', 'runner', 'main.py')],
    // The WASM engine is a Node program.
    env: { ...env, PATH: [dirname(process.execPath), env.PATH].join(delimiter), PYTHONUNBUFFERED: '1' },
    cwd: settings.checkout,
    logFile: logOf(context, 'runner'),
    drainMs: 45_000,
  };
  const url = `${settings.urls.runner}/health/liveliness`;
  const wait = () =>
    waitForOk(url, { name: 'runner', logFile: spec.logFile, timeoutMs: startMs, signal: context.signal });
  return context.progress.step('runner', () => context.supervisor.start(spec, wait));
}

async function runnerState({ settings, secrets, signal }) {
  const { status, body } = await fetchJson(`${settings.urls.runner}/state`, {
    token: secrets.internalToken,
    signal,
  });
  return status === 200 ? body : undefined;
}

/** Waits until a release is active in a LiteLLM that the runner has verified. */
export function waitForLitellm(context) {
  return context.progress.step('LiteLLM', async (report) => {
    let last;
    let stuckSinceMs;
    const state = await pollUntil(
      async () => {
        last = await runnerState(context).catch(() => undefined);
        if (last?.candidate) report.doing(`${last.candidate.phase} release ${last.candidate.release_number}`);
        stuckSinceMs = isStuck(last) ? (stuckSinceMs ?? performance.now()) : undefined;
        if (performance.now() - stuckSinceMs > stuckMs) throw litellmFailure(context, last);
        return last?.active ? last : undefined;
      },
      { timeoutMs: litellmStartMs, intervalMs: 250, signal: context.signal },
    );
    if (!state) throw litellmFailure(context, last);
    report.result(
      `${state.active.litellm_version}, release ${state.active.release_number}, ${state.engine} engine`,
    );
    return state;
  });
}

/** A release has failed and nothing is tried any more. For a moment this is so too before the runner goes back to the last good one. */
function isStuck(state) {
  return Boolean(state?.last_failure) && !state.active && !state.candidate;
}

function litellmFailure(context, state) {
  const reason =
    state?.last_failure?.reason ?? `status: ${state?.litellm_status ?? 'the runner does not answer'}`;
  return new UserError(
    `LiteLLM did not start: ${reason}. Logs: ${logOf(context, 'runner')} and ${context.settings.files.runnerData}`,
  );
}
