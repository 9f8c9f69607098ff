import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings } from '../stack/settings.mjs';
import { UserError, messageFor } from '../stack/user-error.mjs';
import { infisicalSettings } from './infisical-settings.mjs';
import { runJest, withTestStack } from './suites.mjs';
import { runSuites } from './test-run.mjs';

const suffix = '.prove-spec.ts';

/** A proof whose name has this word gets a stack that keeps provider keys in an Infisical, which the proof plays. */
const wantsInfisical = /-infisical\b/;

/** `npm run prove -- NAME`: the slow proofs of test/prove whose file begins with NAME, against a stack of their own. */
export async function main([name, ...toolArgs]) {
  try {
    await runSuites(proofSuites(name), toolArgs);
  } catch (error) {
    console.error(messageFor(error));
    process.exitCode = 1;
  }
}

function proofSuites(name) {
  const folder = join(readSettings().checkout, 'test', 'prove');
  const all = listProofs(folder);
  const chosen = name ? all.filter((file) => file.startsWith(name)) : [];
  if (chosen.length === 0) {
    const names = all.map((file) => file.slice(0, -suffix.length));
    throw new UserError(`Say which proof: npm run prove -- NAME. There are: ${names.join(', ') || 'none'}.`);
  }
  const groups = [
    { files: chosen.filter((file) => !wantsInfisical.test(file)), settingsOf: async () => ({}) },
    { files: chosen.filter((file) => wantsInfisical.test(file)), settingsOf: infisicalSettings },
  ];
  return groups.filter(({ files }) => files.length > 0).map((group) => proofSuite(folder, group));
}

function proofSuite(folder, { files, settingsOf }) {
  const paths = files.map((file) => join(folder, file));
  return {
    title: `Proof: ${files.join(', ')}`,
    needs: ['packages', 'build', 'python'],
    run: async (context) => {
      const options = { name: 'prove', isDurable: true, more: await settingsOf() };
      return withTestStack(context, options, (environment) =>
        runJest(context, 'prove', environment, ['--runInBand', '--runTestsByPath', ...paths]),
      );
    },
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
