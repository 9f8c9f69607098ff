import { checkDiskSpace } from './disk-space.mjs';
import { tryLock, waitForLock } from './file-lock.mjs';
import { ensureNpmPackages, needsNpmInstall } from './npm-packages.mjs';
import { ensurePythonEnvironment, needsPythonEnvironment } from './python-environment.mjs';
import { shortHash } from './settings.mjs';
import { ensureBuild } from './typescript-build.mjs';
import { UserError } from './user-error.mjs';
import { join } from 'node:path';

/** Measured sizes, with some room. */
export function checkSpaceForStart(settings) {
  const needs = [{ folder: settings.dataDir, megabytes: 200, what: 'databases and logs' }];
  if (needsNpmInstall(settings))
    needs.push({ folder: settings.checkout, megabytes: 500, what: 'npm packages' });
  if (needsPythonEnvironment(settings))
    needs.push({ folder: settings.cacheDir, megabytes: 1000, what: 'Python environment' });
  checkDiskSpace(needs);
}

/**
 * Installs and compiles what is missing. Returns one promise per result, so that each later step can begin as soon as
 * what it needs is there: { packages, build, python }, or of these what is `wanted` (a build includes the packages).
 */
export function prepare({ settings, progress, signal, wanted = ['packages', 'build', 'python'] }) {
  const step = (title, work) => progress.step(title, (report) => work({ settings, signal, report }));
  const works = {};
  if (wanted.includes('packages')) {
    const lock = lockCheckout(settings, signal);
    works.packages = lock.then(() => step('npm packages', ensureNpmPackages));
    if (wanted.includes('build'))
      works.build = works.packages.then(() => step('TypeScript build', ensureBuild));
    void releaseAfter(lock, Object.values(works));
  }
  if (wanted.includes('python')) works.python = step('Python environment', ensurePythonEnvironment);
  return works;
}

async function releaseAfter(lock, works) {
  await Promise.allSettled(works);
  const release = await lock.catch(() => undefined);
  release?.();
}

/** Two starts of one checkout with different data folders must not both install or compile in it. */
async function lockCheckout({ cacheDir, checkout }, signal) {
  const path = join(cacheDir, 'locks', `checkout-${shortHash(checkout)}.lock`);
  const release = tryLock(path) ?? (await waitForLock(path, { signal }));
  if (!release)
    throw new UserError(`${path} is held by another start that does not end. End that one first.`);
  return release;
}
