import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { runCommand } from './command.mjs';
import { waitForLock } from './file-lock.mjs';
import { installEnvironment } from './install-environment.mjs';
import { askPython, findPython } from './python.mjs';
import { Stamp } from './stamp.mjs';
import { UserError } from './user-error.mjs';

/** To be raised when the steps below change, so that no environment made by older steps is used. */
const recipe = 1;

/**
 * A Python environment with LiteLLM in the user's cache folder. Its name is a hash of everything it is made from, so a second
 * checkout uses the same one and a changed lock file gets another. It is used only when its stamp says that it is complete.
 */
export async function ensurePythonEnvironment({ settings, report, signal }) {
  const python = await findPython(settings);
  const folder = environmentFolder(settings, python);
  const usable = await findUsable(folder);
  if (usable) {
    report.result(`Python ${usable.version}, reused`);
    return usable;
  }
  const onWait = (pid) => report.doing(`waiting for the same step of process ${pid}`);
  const release = await waitForLock(`${folder}.lock`, { signal, onWait });
  if (!release) {
    throw new UserError(`${folder}.lock is held by another start that does not end. End that one first.`);
  }
  try {
    const built = (await findUsable(folder)) ?? (await build({ settings, python, folder, report, signal }));
    report.result(`Python ${built.version}, LiteLLM installed`);
    return built;
  } finally {
    release();
  }
}

/** A complete environment that still starts: the Python that it was made with may have been removed since. */
async function findUsable(folder) {
  if (!stampOf(folder).exists()) return undefined;
  const executable = executableIn(folder);
  const answer = await askPython(executable);
  return answer && { executable, version: answer.version.join('.'), sitePackages: answer.sitePackages };
}

function stampOf(folder) {
  return new Stamp(join(folder, 'signalbox-complete.json'));
}

function executableIn(folder) {
  return join(folder, 'bin', 'python');
}

export function needsPythonEnvironment({ cacheDir }) {
  return !existsSync(join(cacheDir, 'python'));
}

export function environmentKey({ requirements, prismaLock, pythonMinor, platform }) {
  const hash = createHash('sha256');
  for (const part of [String(recipe), requirements, prismaLock, pythonMinor, platform])
    hash.update(part).update('\0');
  return `py${pythonMinor}-${hash.digest('hex').slice(0, 16)}`;
}

function environmentFolder({ checkout, cacheDir }, python) {
  const key = environmentKey({
    requirements: readFileSync(join(checkout, 'litellm', 'requirements.txt')),
    prismaLock: readFileSync(join(checkout, 'litellm', 'engine', 'prisma-cli', 'package-lock.json')),
    pythonMinor: python.version.slice(0, 2).join('.'),
    platform: `${process.platform}-${process.arch}`,
  });
  return join(cacheDir, 'python', key);
}

async function build({ settings, python, folder, report, signal }) {
  const executable = executableIn(folder);
  const env = installEnvironment({
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PYTHONDONTWRITEBYTECODE: '',
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
  });
  const logFile = (name) => join(settings.files.logs, `python-${name}.log`);
  // Not the synchronous form: tens of thousands of files would hold up everything that runs beside this.
  await rm(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });

  report.doing('making the environment');
  await runCommand(python.executable, ['-m', 'venv', folder], {
    what: 'Making the Python environment',
    advice: `Python is ${python.executable}; set SIGNALBOX_PYTHON to use another one.`,
    env,
    logFile: logFile('venv'),
    signal,
  });
  const requirements = join(settings.checkout, 'litellm', 'requirements.txt');
  await runCommand(
    executable,
    ['-m', 'pip', 'install', '--no-input', '--progress-bar', 'off', '--require-hashes', '-r', requirements],
    {
      what: 'Installing LiteLLM (pip)',
      advice:
        'If the package index cannot be reached, check the network, proxy and pip settings; then start again.',
      env,
      logFile: logFile('pip'),
      signal,
      onLine: report.doing,
    },
  );
  report.doing('generating the database client');
  await runCommand(executable, [join(settings.checkout, 'litellm', 'engine', 'generate_client.py')], {
    what: "Generating LiteLLM's database client",
    advice: 'It needs the npm registry for the Prisma CLI.',
    env,
    logFile: logFile('prisma'),
    signal,
  });
  stampOf(folder).write({ python: python.version.join('.') });
  return findUsable(folder);
}
