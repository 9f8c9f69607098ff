import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings } from '../stack/settings.mjs';
import { UserError, messageFor } from '../stack/user-error.mjs';
import { runJest, withTestStack } from './suites.mjs';
import { runSuites } from './test-run.mjs';

const suffix = '.prove-spec.ts';

/** `npm run prove -- NAME`: the slow proofs of test/prove whose file begins with NAME, against a stack of their own. */
export async function main([name, ...toolArgs]) {
  try {
    await runSuites([proofSuite(name)], toolArgs);
  } catch (error) {
    console.error(messageFor(error));
    process.exitCode = 1;
  }
}

function proofSuite(name) {
  const folder = join(readSettings().checkout, 'test', 'prove');
  const all = listProofs(folder);
  const chosen = name ? all.filter((file) => file.startsWith(name)) : [];
  if (chosen.length === 0) {
    const names = all.map((file) => file.slice(0, -suffix.length));
    throw new UserError(`Say which proof: npm run prove -- NAME. There are: ${names.join(', ') || 'none'}.`);
  }
  const paths = chosen.map((file) => join(folder, file));
  return {
    title: `Proof: ${chosen.join(', ')}`,
    needs: ['packages', 'build', 'python'],
    run: (context) =>
      withTestStack(context, { name: 'prove', isDurable: true }, (environment) =>
        runJest(context, 'prove', environment, ['--runInBand', '--runTestsByPath', ...paths]),
      ),
  };
}

function listProofs(folder) {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith(suffix))
      .sort();
  } catch {
    return [];
  }
}
